import DefaultTheme from "vitepress/theme-without-fonts";
import { defineAsyncComponent } from "vue";
import "./style.css";
import TableFilter from "./TableFilter.vue";

// The components of the playground are loaded by the pages that use them.
const components = import.meta.glob("../../playground/*.vue");

/** @type {import("vitepress").Theme} */
export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component("TableFilter", TableFilter);
    for (const [file, load] of Object.entries(components)) {
      const name = /([^/]+)\.vue$/.exec(file)?.[1];
      if (name !== undefined) app.component(name, defineAsyncComponent(load));
    }
  },
};
