import { Component, type ReactNode } from "react";
import { Notice } from "./Notice";

/** Shows a sentence in the place of a page that can't be drawn, so that the rest of the app goes on. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <Notice role="alert">
        <p>This page can't be shown.</p>
        <button onClick={() => window.location.reload()}>Load it again</button>
      </Notice>
    );
  }
}
