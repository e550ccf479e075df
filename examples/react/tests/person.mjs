// A person in front of the app: a browser of their own, what they do, and what goes wrong there.
import assert from "node:assert/strict";

/** Options of browser contexts. */
export const DESKTOP = { viewport: { width: 1280, height: 900 } };
export const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
export const PASSWORD = "a password";

/** Milliseconds that only a hang takes. */
const HANG = 120_000;

/** What a wardrobe without a ready item makes the server answer, which the browser's console shows. */
export const NOTHING_READY = /status of 400 .*\/recommend$/;

/** What the console shows without a network: requests that fail or end, and the SDK asking whether Google answers. */
export const OFFLINE = /net::ERR_(INTERNET_DISCONNECTED|NETWORK_CHANGED|INCOMPLETE_CHUNKED_ENCODING|FAILED)|offline|Could not reach|cleardot/i;

/** Opens the app in a new browser context; `expected` are the errors that the console may show. */
export async function arrive(browser, { url }, { device = DESKTOP, expected = [] } = {}) {
  const context = await browser.newContext(device);
  context.setDefaultTimeout(HANG);
  const page = await context.newPage();
  const problems = [];
  const note = (problem) => {
    if (!expected.some((each) => each.test(problem))) problems.push(problem);
  };
  page.on("console", (line) => line.type() === "error" && note(`${line.text()} ${line.location().url}`));
  page.on("pageerror", (error) => note(String(error)));
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText ?? "";
    if (reason !== "net::ERR_ABORTED") note(`${reason} ${request.url()}`); // the SDK itself ends its listeners
  });
  await page.goto(url);
  return new Person(page, problems);
}

class Person {
  constructor(page, problems) {
    this.page = page;
    this.problems = problems;
  }

  role(name, accessibleName, options = {}) {
    return this.page.getByRole(name, { name: accessibleName, exact: true, ...options });
  }

  button(name) {
    return this.role("button", name);
  }

  /** What can be seen; the page of recommendations stays while another one is open. */
  text(text) {
    return this.page.getByText(text).filter({ visible: true });
  }

  alert(text) {
    return this.page.getByRole("alert").filter({ hasText: text });
  }

  status(text) {
    return this.page.getByRole("status").filter({ hasText: text });
  }

  async enter(button, email, password = PASSWORD) {
    await this.role("textbox", "Email").fill(email);
    await this.page.getByLabel("Password", { exact: true }).fill(password);
    await this.button(button).click();
  }

  /** Signs in or up, and waits for the page that comes then. */
  async signIn(email, button = "Sign in") {
    await this.enter(button, email);
    await this.role("navigation", "Main").waitFor();
  }

  async signUp(email) {
    await this.signIn(email, "Create account");
  }

  /** Goes to "For you", "Wardrobe" or "Account". */
  async go(name) {
    await this.role("navigation", "Main").getByRole("link", { name, exact: true }).click();
    await this.role("heading", name, { level: 1 }).waitFor();
  }

  addPhotos(files) {
    return this.page.getByLabel("Add photos", { exact: true }).setInputFiles(files);
  }

  /** The garments of the wardrobe. */
  get items() {
    return this.role("list", "Items").getByRole("listitem");
  }

  /** The products that are recommended. */
  get products() {
    return this.role("list", "Recommendations").getByRole("article");
  }

  /** Waits until there are so many items and all are ready. */
  async waitForItems(count) {
    await this.items.nth(count - 1).waitFor();
    await this.page.waitForFunction(([looking]) => !document.body.innerText.includes(looking), ["Looking at the photo"]);
    assert.equal(await this.items.count(), count);
  }

  /** Waits until the list of recommendations is complete so far, and returns the names of the products. */
  async recommendations() {
    await this.products.first().waitFor();
    await this.page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
    return this.products.getByRole("heading").allTextContents();
  }

  /** Waits until the pictures of a list are shown, and returns their natural widths. */
  async pictures(list) {
    await list.first().waitFor();
    const widths = () =>
      list.evaluateAll((nodes) => nodes.map((node) => node.querySelector("img")?.naturalWidth ?? 0));
    await until(async () => (await widths()).every((width) => width > 0));
    return widths();
  }

  setOffline(offline) {
    return this.page.context().setOffline(offline);
  }

  /** Asserts that nothing went wrong, and closes the browser context. */
  async leave() {
    assert.deepEqual(this.problems, []);
    await this.page.context().close();
  }
}

/** Waits until something holds. */
export async function until(holds) {
  const deadline = Date.now() + HANG;
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, `waited in vain until ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
