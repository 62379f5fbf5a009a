/** The bundler gives these files as text. */
declare module '*?inline' {
  const text: string;
  export default text;
}
