/** Wording of messages. */

/** Capitalizes a message and adds a period. */
export function toSentence(message) {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** A number with a noun in the singular or plural. */
export function pluralize(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A number with three significant digits, such as a limit in megabytes. */
export function rounded(value) {
  return Number(value.toPrecision(3));
}

/** A file name without its folder and its extension. */
export function stem(name) {
  return name.replace(/^.*[/\\]|\.[^.]*$/g, "");
}
