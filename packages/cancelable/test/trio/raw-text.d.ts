/** The text of a file, which the test runner imports. */
declare module "*.json?raw" {
  const text: string;
  export default text;
}
