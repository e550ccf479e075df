import { createRoot } from "react-dom/client";
import "./backend";
createRoot(document.getElementById("root")!).render(<p>hello</p>);
