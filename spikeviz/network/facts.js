// What is said of boxes.

export const groupOf = ({ stage, box }) =>
  stage >= 0 ? `stages.${stage}` : box === "head" ? "head" : "extraction";
export const kindOf = ({ box }) => (box.endsWith(".0") ? "entry" : box.split(".").at(-1));
