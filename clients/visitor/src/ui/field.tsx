import type { JSX } from "preact";
import { useId } from "preact/hooks";

export interface FieldProps {
  label: string;
  name: string;
  value: string;
  onInput: (value: string) => void;
  type?: "text" | "email" | "password";
  autocomplete?: string;
  hint?: string | undefined;
  errors?: string[] | undefined;
  required?: boolean;
  maxLength?: number;
  placeholder?: string;
}

/** A labelled input with its hint and the server's words about it. */
export function Field(props: FieldProps): JSX.Element {
  const id = useId();
  // The types tell text, e-mail and password inputs apart by the roles they may have; this one has none of its own.
  const type = (props.type ?? "text") as "text";
  const errors = props.errors ?? [];
  const described = errors.length > 0 ? `${id}-error` : props.hint ? `${id}-hint` : undefined;
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <input
        id={id}
        name={props.name}
        type={type}
        value={props.value}
        autocomplete={props.autocomplete}
        required={props.required}
        maxLength={props.maxLength}
        placeholder={props.placeholder}
        aria-invalid={errors.length > 0}
        aria-describedby={described}
        onInput={(event) => props.onInput(event.currentTarget.value)}
      />
      {errors.length > 0 ? (
        <p class="field-error" id={`${id}-error`}>
          {errors.join(" ")}
        </p>
      ) : (
        props.hint && (
          <p class="field-hint" id={`${id}-hint`}>
            {props.hint}
          </p>
        )
      )}
    </div>
  );
}
