import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  base: "./",
  // The library lies in this repository with a firebase of its own; an app must have only one.
  resolve: { dedupe: ["firebase"] },
});
