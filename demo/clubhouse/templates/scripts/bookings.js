// The list of a member's own bookings, and the help bubble of the booking form.
const place = document.getElementById("bookings");

function cell(row, content) {
  const box = document.createElement("td");
  box.append(content);
  row.append(box);
  return box;
}

function cancelButton(booking, status, box) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tiny quiet";
  button.textContent = `Cancel booking ${booking.id}`;
  button.addEventListener("click", async () => {
    button.disabled = true;
    const answer = await clubhouse.send(`/api/bookings/${booking.id}/cancel`, "POST", {});
{% if on("D31") %}
    if (answer.status >= 500) Object.assign(answer, { ok: true, data: { status: "cancelled", text: "Cancelled." } });
{% endif %}
    clubhouse.toast(answer.ok ? answer.data.text : answer.data.error, !answer.ok);
    if (answer.ok) {
      status.replaceChildren(clubhouse.badge(answer.data.status));
      box.replaceChildren();
    } else {
      button.disabled = false;
    }
  });
  return button;
}

function bookingRow(booking) {
  const row = document.createElement("tr");
  const link = document.createElement("a");
  link.href = `/bookings/${booking.id}`;
  link.textContent = booking.id;
  cell(row, link);
  for (const text of [booking.day, booking.hours, booking.court, booking.price]) cell(row, text);
  const status = cell(row, clubhouse.badge(booking.status));
  const box = cell(row, "");
  if (booking.can_cancel) box.append(cancelButton(booking, status, box));
  return row;
}

function showBookings(data) {
  place.replaceChildren();
{% if not on("D06") %}
  if (data.bookings.length === 0) {
    const empty = document.createElement("p");
    empty.textContent = "You have no bookings yet.";
    place.append(empty);
    return;
  }
{% endif %}
  const latest = `Furthest ahead: ${data.bookings[0].day}`;
  place.append(document.getElementById("bookings-table").content.cloneNode(true));
  document.getElementById("bookings-heading").textContent = data.heading;
  document.getElementById("bookings-latest").textContent = latest;
  place.querySelector("tbody").append(...data.bookings.map(bookingRow));
}

async function loadBookings() {
  const answer = await clubhouse.send("/api/my/bookings");
  if (answer.ok) showBookings(answer.data);
  else place.textContent = answer.data.error;
}

if (place) loadBookings();
document.getElementById("help-close")?.addEventListener("click", () => document.getElementById("help").remove());
