import { testFolder } from "../run-example.ts";

testFolder(import.meta.url);
