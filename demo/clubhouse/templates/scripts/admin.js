// The office's buttons: decide on a request, remove a court, tell that an export began.
for (const button of document.querySelectorAll("[data-decide]")) {
  button.addEventListener("click", async () => {
    const row = button.closest("tr");
    const answer = await clubhouse.send(`/api/bookings/${button.dataset.id}/${button.dataset.decide}`, "POST", {});
    clubhouse.toast(answer.ok ? answer.data.text : answer.data.error, !answer.ok);
    if (!answer.ok) return;
    row.querySelector("[data-status]").replaceChildren(clubhouse.badge(answer.data.status));
    for (const other of row.querySelectorAll("[data-decide]")) if (other !== button) other.remove();
  });
}

for (const button of document.querySelectorAll("[data-remove]")) {
  button.addEventListener("click", async () => {
    if (!confirm(`Remove ${button.dataset.name}? Its bookings are cancelled.`)) return;
    const answer = await clubhouse.send(`/api/courts/${button.dataset.remove}`, "DELETE");
    clubhouse.toast(answer.ok ? `${button.dataset.name} is removed.` : answer.data.error, !answer.ok);
    if (answer.ok) button.closest("[data-court-row]").remove();
  });
}

document.getElementById("export")?.addEventListener("submit", () => {
  clubhouse.toast("The export has begun: bookings.csv");
});
