// The live message board: lists, polls, posts; problems are told in a message box.
const list = document.getElementById("messages");
const form = document.getElementById("post");
const longest = Number(list.dataset.longest);
let shown = "";

function closeBox() {
  document.getElementById("box")?.remove();
{% if not on("D17") %}
  document.getElementById("backdrop")?.remove();
{% endif %}
}

function openBox(text) {
  closeBox();
  document.getElementById("backdrop")?.remove();
  const backdrop = document.createElement("div");
  backdrop.id = "backdrop";
  const box = document.createElement("div");
  box.id = "box";
  box.setAttribute("role", "alertdialog");
  box.setAttribute("aria-label", "Message");
  const words = document.createElement("p");
  words.textContent = text;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "OK";
  button.addEventListener("click", closeBox);
  box.append(words, button);
  document.body.append(backdrop, box);
  button.focus();
}

addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeBox();
});

function messageLine(message) {
  const line = document.createElement("li");
  const author = document.createElement("strong");
  author.textContent = message.name;
  const words = document.createElement("span");
{% if on("D08") %}
  if (message.text.includes("<")) words.title = message.text.match(/<@([A-Za-z ]+)>/)[1];
{% endif %}
  words.textContent = message.text;
  const when = document.createElement("span");
  when.className = "when";
  when.textContent = message.at.replace("T", " ");
  line.append(when, " ", author, ": ", words);
  return line;
}

function show(messages) {
  const state = messages.map((message) => message.id).join();
  if (state === shown && state) return;
  shown = state;
  const lines = messages.map(messageLine);
  if (lines.length === 0) {
    const empty = document.createElement("li");
    empty.textContent = "No messages yet.";
    lines.push(empty);
  }
  list.replaceChildren(...lines);
}

async function load() {
  const answer = await clubhouse.send("/api/messages");
  if (answer.ok) show(answer.data.messages);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = form.elements.text.value;
{% if on("D27") %}
  const empty = text === "";
{% else %}
  const empty = text.trim() === "";
{% endif %}
  if (empty) return openBox("Write something first.");
  if (text.length > longest) return openBox(`A message has ${longest} characters at most.`);
  const answer = await clubhouse.send("/api/messages", "POST", { text });
  if (!answer.ok) return openBox(answer.data.error);
  form.reset();
  clubhouse.toast(answer.data.text);
  await load();
});

load();
setInterval(load, 4000);
