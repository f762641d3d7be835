// What every page shares: short messages, sending JSON, questions before deletion, the cookie choice.
const clubhouse = {
  toast(text, problem = false) {
    const line = document.createElement("p");
    line.textContent = text;
    line.className = problem ? "toast warn" : "toast";
    document.getElementById("toasts").append(line);
    setTimeout(() => line.remove(), 8000);
  },

  // Always resolves: {ok, data}; data.error is a sentence for people when ok is false.
  async send(url, method = "GET", body = undefined) {
    const options = { method, headers: { "Content-Type": "application/json" } };
    if (body !== undefined) options.body = JSON.stringify(body);
    try {
      const answer = await fetch(url, options);
      if (answer.status === 401) location.assign("/login");
      const text = await answer.text();
      let data = {};
      try {
        data = text ? JSON.parse(text) : {};
      } catch {
        data = { error: "Something went wrong. Please try again." };
      }
      return { ok: answer.ok, status: answer.status, data };
    } catch {
      return { ok: false, status: 0, data: { error: "There is no connection at the moment." } };
    }
  },

  badge(status) {
    const shown = document.createElement("span");
    shown.className = `badge ${status}`;
    shown.textContent = status;
    return shown;
  },
};

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});

for (const button of document.querySelectorAll("[data-cookies]")) {
  button.addEventListener("click", () => {
    document.cookie = "clubhouse_cookies=decided; path=/; max-age=2592000; samesite=lax";
    document.getElementById("cookies").remove();
    document.body.classList.remove("with-banner");
  });
}

addEventListener("beforeunload", () => {
  fetch("/api/leaving").catch(() => {});
});
