// Sends the reviewed booking and opens it.
const request = document.getElementById("request");

request.addEventListener("click", async () => {
{% if not on("D30") %}
  request.disabled = true;
{% endif %}
  const { court, date, start, end, guest } = request.dataset;
  const answer = await clubhouse.send("/api/bookings", "POST", { court, date, start, end, guest });
  if (answer.ok) {
    location.assign(answer.data.url);
  } else {
    clubhouse.toast(answer.data.error, true);
    request.disabled = false;
  }
});
