// The member search of a club.
const form = document.getElementById("find");
const people = document.getElementById("people");

function card(member) {
  const line = document.createElement("li");
  line.className = "card";
  const name = document.createElement("strong");
  name.textContent = member.name;
  const about = document.createElement("span");
  about.className = "muted";
  about.textContent = ` ${member.club}, ${member.level}`;
  line.append(name, about);
  return line;
}

async function find() {
  const answer = await clubhouse.send(`/api/members?q=${encodeURIComponent(form.elements.name.value)}`);
  const found = answer.ok ? answer.data.members : [];
  people.replaceChildren(...found.map(card));
  const count = found.length === 1 ? "1 member" : `${found.length} members`;
  document.getElementById("found").textContent = answer.ok ? `${count} found` : answer.data.error;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  find();
});
find();
