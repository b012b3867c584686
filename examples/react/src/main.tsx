import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { History } from "./history.tsx";
import { Search } from "./search.tsx";

function App() {
  const [isShown, setShown] = useState(true);
  return (
    <main>
      <h1>Search</h1>
      <button type="button" onClick={() => setShown(!isShown)}>
        {isShown ? "Close the search" : "Open the search"}
      </button>
      {isShown && <Search />}
      <History />
    </main>
  );
}

const root = document.getElementById("root");
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
