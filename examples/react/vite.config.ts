import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// For the demo, whose emulators are on other ports of the same machine. Vite answers no other host names than this
// machine's, so a foreign name that resolves to it (DNS rebinding) gets nothing.
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self' http://127.0.0.1:*",
  "img-src 'self' blob: data: http://127.0.0.1:*",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];

export default defineConfig({
  plugins: [react()],
  base: "./",
  appType: "mpa", // one document, and its routes are in the hash: any other path is not found
  // The library lies in this repository with a firebase of its own; an app must have only one.
  resolve: { dedupe: ["firebase"] },
  preview: {
    headers: {
      "Content-Security-Policy": policy.join("; "),
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "no-referrer",
      "Cross-Origin-Opener-Policy": "same-origin",
    },
  },
});
