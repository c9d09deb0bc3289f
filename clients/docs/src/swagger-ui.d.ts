declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  /** The part of Swagger UI's configuration that this page uses. */
  interface Configuration {
    url: string;
    domNode: HTMLElement | null;
    deepLinking: boolean;
    persistAuthorization: boolean;
    validatorUrl: string | null;
    tryItOutEnabled: boolean;
    displayRequestDuration: boolean;
  }
  export default function SwaggerUi(configuration: Configuration): unknown;
}
