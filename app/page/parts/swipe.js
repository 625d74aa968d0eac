// The handle stays where the reader put it when other pictures come: nothing jumps.
export default function ({ parentElement, data }) {
  const find = (name) => parentElement.querySelector(name);
  const [figure, stage, handle] = [find("figure"), find(".stage"), find("input")];
  find(".above").src = data.original;
  find(".above").alt = `${data.alt}, original`;
  find(".below").src = data.recovered;
  find(".below").alt = `${data.alt}, recovered`;
  figure.style.setProperty("--width", `${data.width}px`);
  stage.style.setProperty("--ratio", data.ratio);
  handle.setAttribute("aria-label", `${data.alt}: share of the original that is shown`);
  const move = () => {
    stage.style.setProperty("--at", `${handle.value}%`);
    handle.setAttribute("aria-valuetext", `${handle.value} % original`);
  };
  handle.oninput = move;
  move();
}
