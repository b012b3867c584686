import DefaultTheme from "vitepress/theme";
import "./style.css";
import TableFilter from "./TableFilter.vue";

// The components of the playground are loaded by the pages that use them.
const components = import.meta.glob("../../playground/*.vue");

/** @type {import("vitepress").Theme} */
export default {
  extends: DefaultTheme,
  async enhanceApp({ app }) {
    app.component("TableFilter", TableFilter);
    const { defineAsyncComponent } = await import("vue");
    for (const [file, load] of Object.entries(components)) {
      const name = /([^/]+)\.vue$/.exec(file)?.[1];
      if (name !== undefined) app.component(name, defineAsyncComponent(load));
    }
  },
};
