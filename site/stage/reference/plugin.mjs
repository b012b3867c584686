// What TypeDoc does for this site: modules are named after the entries, the names of the core entry have pages of their
// own, and each other entry has one page.
import { Converter, ReflectionKind, Slugger } from "typedoc";
import { MemberRouter } from "typedoc-plugin-markdown";
import { readChapters } from "./chapters.mjs";
import { core, readEntries } from "./entries.mjs";

/** @import { Application, DeclarationReflection, PageDefinition, Reflection } from "typedoc" */

const entries = readEntries();
const pages = new Map(entries.map(({ name, page }) => [name, page]));
const corePages = new Map(readChapters().flatMap(({ names }) => names.map(({ name, page }) => [name, page])));

/** @param {Reflection} reflection */
const hasPage = (reflection) => reflection.kindOf(ReflectionKind.Module) || reflection.parent?.name === core;

class EntryRouter extends MemberRouter {
  /**
   * @param {Reflection} reflection
   * @param {PageDefinition[]} outPages
   */
  buildChildPages(reflection, outPages) {
    const kind = this.getPageKind(reflection);
    if (!kind) {
      this.buildAnchors(reflection, reflection.parent);
      return;
    }
    if (hasPage(reflection)) {
      const url = this.getFileName(this.getIdealBaseName(reflection));
      this.fullUrls.set(reflection, url);
      this.sluggers.set(reflection, new Slugger(this.sluggerConfiguration));
      outPages.push({ kind, model: reflection, url });
    } else {
      this.fullUrls.set(reflection, this.fullUrls.get(reflection.parent));
      this.buildAnchors(reflection, reflection.parent);
    }
    reflection.traverse((child) => {
      this.buildChildPages(child, outPages);
      return true;
    });
  }

  /** @param {Reflection} reflection */
  getIdealBaseName(reflection) {
    if (reflection.kindOf(ReflectionKind.Module)) return pages.get(reflection.name);
    const page = corePages.get(reflection.name);
    if (page === undefined) throw new Error(`${reflection.name} is in no chapter of ${core}`);
    return page;
  }
}

/** @param {Application} app */
export function load(app) {
  app.renderer.defineRouter("entry", EntryRouter);
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of /** @type {DeclarationReflection[]} */ (project.children)) {
      const source = module.sources?.[0]?.fullFileName ?? "";
      const entry = entries.find((one) => source.endsWith(`/${one.source}`));
      if (entry === undefined) throw new Error(`TypeDoc has a module that is not an entry: ${module.name}`);
      module.name = entry.name;
    }
    // A link to the source for each name of an entry, not for each property.
    for (const reflection of Object.values(project.reflections)) {
      if (!reflection.parent?.kindOf(ReflectionKind.Module)) delete reflection.sources;
      else for (const signature of reflection.signatures ?? []) delete signature.sources;
    }
  });
  // Base classes and interfaces that are not public are a detail, as is the place that a property is inherited from.
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    const isKnown = (type) =>
      type.type !== "reference" || type.reflection || type.package !== "cancelable-workspace";
    for (const reflection of Object.values(project.reflections)) {
      for (const key of ["extendedTypes", "implementedTypes"]) {
        reflection[key] = reflection[key]?.filter(isKnown);
        if (reflection[key]?.length === 0) delete reflection[key];
      }
      for (const key of ["inheritedFrom", "overwrites", "implementationOf"]) delete reflection[key];
    }
  });
}
