// What is said of boxes.

export const groupOf = ({ stage, box }) =>
  stage >= 0 ? `stages.${stage}` : box === "head" ? "head" : "extraction";
export const kindOf = ({ box }) => (box.endsWith(".0") ? "entry" : box.split(".").at(-1));

/** A number of mJ, of any size, with three digits that count. */
export function mj(value) {
  const text = String(Number(value.toPrecision(3)));
  return text.includes("e") || value < 1e-5 ? value.toFixed(7).replace(/\.?0+$/, "") || "0" : text;
}
