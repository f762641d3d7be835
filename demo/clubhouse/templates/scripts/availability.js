// The price dialog, the waiting list buttons and the conditions on the courts.
const prices = document.getElementById("prices");

document.getElementById("prices-open").addEventListener("click", () => {
{% if on("D07") %}
  const rows = prices.querySelector("tbody").rows.length;
  prices.dataset.rows = rows;
{% endif %}
  if (!prices.open) prices.showModal();
});

document.getElementById("prices-close").addEventListener("click", () => {
  prices.close();
{% if on("D07") %}
  prices.querySelector("table").remove();
{% endif %}
});

for (const button of document.querySelectorAll("[data-wait]")) {
  button.addEventListener("click", async () => {
    const { court, date, start } = button.dataset;
    const answer = await clubhouse.send("/api/waiting", "POST", { court, date, start });
    clubhouse.toast(answer.ok ? answer.data.text : answer.data.error, !answer.ok);
  });
}

const conditions = document.getElementById("conditions");

// The weather service is busy now and then: ask again, a little later each time.
async function askConditions(attempt) {
  const answer = await clubhouse.send(conditions.dataset.url);
  if (answer.ok) conditions.textContent = answer.data.text;
  else if (answer.status === 503 && attempt < 8) setTimeout(() => askConditions(attempt + 1), 250 * attempt);
  else conditions.textContent = "The conditions are not known at the moment.";
}

if (conditions) askConditions(1);
