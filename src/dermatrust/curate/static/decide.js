// The adjudicator's page.
import { setUp } from "./desk.js";

setUp(document.getElementById("decide"));
document.documentElement.dataset.ready = "yes";
