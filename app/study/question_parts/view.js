// One question on the screen: pictures, choice, confidence, time. It knows no server and keeps nothing.
const ARMED_AFTER = 300; // ms: the second click of a double click answers no other question
const LEVELS = [1, 2, 3, 4, 5];

// painted(number): all pictures can be seen for the first time.
// answered({number, place, milliseconds, confidence}): once for each question that is drawn.
function questionView(root, painted, answered) {
  const find = (name) => root.querySelector(`.question ${name}`);
  const [pictures, redrawn, options] = [find(".pictures"), find(".redrawn"), find(".options")];
  const [confidence, levels, clock] = [find(".confidence"), find(".levels"), find(".clock")];
  let now = null; // the question on the screen

  const pressed = (parent, at) =>
    [...parent.children].forEach((one, index) => one.setAttribute("aria-pressed", index === at));
  const enabled = (yes) => {
    for (const one of [...options.children, ...levels.children])
      one.setAttribute("aria-disabled", !yes);
  };
  const open = () => now && now.armed && !now.done;

  levels.replaceChildren(
    ...LEVELS.map((level) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = level;
      button.onclick = () => sure(level);
      return button;
    }),
  );

  // elapsed: ms since this browser first showed it, where it is shown again after an interruption
  function draw(question, elapsed) {
    if (now) clearInterval(now.timer);
    now = { ...question, armed: false, done: false, place: null, elapsed: elapsed ?? 0,
      plain: elapsed === null && !document.hidden };
    const mine = now;
    pictures.classList.add("coming");
    find(".progress").textContent = `Question ${question.number} of ${question.total}`;
    find(".bar span").style.width = `${(100 * (question.number - 1)) / question.total}%`;
    find(".remark").textContent = question.remark;
    const count = question.options.length;
    find(".hint").textContent = question.confidence
      ? `Keys 1 to ${count} choose; then 1 to 5 say how sure you are.`
      : `Keys 1 to ${count} choose.`;
    confidence.hidden = !question.confidence;
    confidence.classList.remove("asked");
    clock.hidden = !question.limit;
    clock.textContent = question.limit ? `${left(mine)} s` : "";
    while (options.children.length > count) options.lastChild.remove();
    while (options.children.length < count) options.append(option(options.children.length));
    pressed(options, -1);
    pressed(levels, -1);
    enabled(false);
    redrawn.src = question.redrawn;
    question.options.forEach((source, place) => {
      options.children[place].querySelector("img").src = source;
    });
    const all = [redrawn, ...options.querySelectorAll("img")];
    Promise.allSettled(all.map((one) => one.decode())).then(() => {
      if (now !== mine) return;
      fit();
      pictures.classList.remove("coming");
      requestAnimationFrame(() => requestAnimationFrame(() => now === mine && begin(mine)));
    });
  }

  function option(place) {
    const button = document.createElement("button");
    const [image, number] = [document.createElement("img"), document.createElement("span")];
    button.type = "button";
    button.className = "option";
    button.setAttribute("aria-label", `Photograph ${place + 1}`);
    [image.alt, image.draggable] = ["", false];
    number.textContent = place + 1;
    button.append(image, number);
    button.onclick = () => choose(place);
    return button;
  }

  // From here on time counts: every picture is decoded and painted.
  function begin(mine) {
    mine.began = performance.now();
    painted(mine.number);
    setTimeout(() => {
      mine.armed = true;
      if (now === mine) enabled(true);
    }, ARMED_AFTER);
    if (mine.limit) {
      mine.timer = setInterval(() => {
        clock.textContent = `${left(mine)} s`;
        if (left(mine) <= 0) finish(mine, null);
      }, 200);
    }
  }

  function left(mine) {
    const gone = mine.elapsed + (mine.began ? performance.now() - mine.began : 0);
    return Math.max(0, Math.ceil(mine.limit - gone / 1000));
  }

  function choose(place) {
    if (!open()) return;
    now.place = place;
    now.chosen = performance.now();
    clearInterval(now.timer); // the limit is one for the choice
    pressed(options, place);
    if (!now.confidence) return finish(now, null);
    confidence.classList.add("asked");
  }

  function sure(level) {
    if (!open() || now.place === null) return;
    pressed(levels, level - 1);
    finish(now, level);
  }

  function finish(mine, level) {
    if (mine.done) return;
    mine.done = true;
    clearInterval(mine.timer);
    enabled(false);
    const time = mine.elapsed + mine.chosen - mine.began;
    // Under a limit all time counts; otherwise a time with an interruption in it measures nothing.
    const measured = mine.place !== null && (mine.plain || mine.limit);
    answered({
      number: mine.number,
      place: mine.place,
      milliseconds: measured ? Math.round(time) : null,
      confidence: level,
    });
  }

  // Whole screen pixels for each pixel of a face where that costs little of its size.
  function fit() {
    const count = options.children.length;
    const above = Math.max(0, root.querySelector(".question").getBoundingClientRect().top - 24);
    const tall = Math.max(window.innerHeight - above, 0.6 * window.innerHeight);
    const narrow = root.host.clientWidth < 560;
    const columns = !narrow ? count : count === 4 ? 2 : count <= 3 ? count : Math.ceil(count / 2);
    const rows = Math.ceil(count / columns);
    const [wide, high] = [redrawn.naturalWidth || 1, redrawn.naturalHeight || 1];
    const ratio = wide / high;
    // px of everything that is no picture
    const taken = (now.confidence ? 300 : 205) + (narrow ? 24 : 0) + 30 * rows;
    const free = Math.max(0, tall - taken) * ratio;
    const across = (root.host.clientWidth - 8 * (columns - 1)) / columns - 12;
    const each = whole(Math.max(48, Math.min(across, free / (rows + 1.4), 192)), wide);
    const face = whole(Math.max(64, Math.min(free - rows * each, 2 * each, 288)), wide);
    pictures.style.setProperty("--ratio", ratio);
    pictures.style.setProperty("--columns", columns);
    pictures.style.setProperty("--option", `${each}px`);
    pictures.style.setProperty("--face", `${face}px`);
  }

  function whole(most, pixels) {
    const sharp = (Math.floor((most * devicePixelRatio) / pixels) * pixels) / devicePixelRatio;
    return sharp >= 0.8 * most ? sharp : Math.floor(most);
  }

  function key(event) {
    const typed = Number(event.key);
    if (!open() || event.repeat || !Number.isInteger(typed) || typed < 1) return;
    if (now.confidence && now.place !== null) {
      if (typed <= LEVELS.length) sure(typed);
    } else if (typed <= options.children.length) choose(typed - 1);
  }

  return {
    draw, key,
    fit: () => now && redrawn.naturalWidth && fit(),
    // the same question, still to be answered
    shows: (question) =>
      Boolean(now) && !now.done && now.number === question.number && now.redrawn === question.redrawn,
    // what a person does in another tab is no part of the time for this question
    away: () => now && (now.plain = false),
    // no more answers to what is drawn; place: the one that was given
    finish: (place) => {
      if (!now) return;
      now.done = true;
      clearInterval(now.timer);
      enabled(false);
      if (place !== undefined) pressed(options, place ?? -1);
    },
  };
}
