// The page of the tests: the playground without the site around it.
import { mountPlayground } from "./mount.ts";
import "./playground.css";

mountPlayground(document.getElementById("playground") as HTMLElement);
