// Saves the note of a task in place.
const form = document.getElementById("note-form");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const note = form.elements.note.value;
  const answer = await clubhouse.send(`/api/tasks/${form.dataset.task}/note`, "POST", { note });
  if (answer.ok) document.getElementById("note-shown").textContent = answer.data.note;
  clubhouse.toast(answer.ok ? answer.data.text : answer.data.error, !answer.ok);
});
