// Goes on to where the page's one link leads.
window.location.replace(document.getElementById("forward").href);
