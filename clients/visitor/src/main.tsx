import { mount } from "./mount.js";
import { registerWorker } from "./worker_registration.js";

const host = document.getElementById("otvet");
if (host) void mount(host, { origin: location.origin, addressBar: true });
if (import.meta.env.PROD) registerWorker();
