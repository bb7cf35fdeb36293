/** What the browsers report for every key that an input method takes. */
const TAKEN = 229;

/**
 * True for a key that belongs to an input method's composition, e.g. the Enter that accepts it. The property that
 * says so is deprecated, but some browsers end the composition before they report that key.
 */
export function isForInputMethod(event: KeyboardEvent): boolean {
  return event.isComposing || Reflect.get(event, 'keyCode') === TAKEN;
}
