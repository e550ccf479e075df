import { Shirt, Sparkles, User as Person } from "lucide-react";
import { Activity, type ReactNode } from "react";
import { Link, Route, Switch, useLocation } from "wouter";
import { AccountPage } from "./account/AccountPage";
import { DeveloperProvider } from "./account/developer";
import { ExplorePage } from "./explore/ExplorePage";
import { FacetsProvider } from "./explore/facets";
import { SignIn } from "./session/SignIn";
import { useUser } from "./session/useUser";
import { ErrorBoundary } from "./ui/ErrorBoundary";
import { Loading } from "./ui/Loading";
import { OfflineBanner } from "./ui/OfflineBanner";
import { Page } from "./ui/Page";
import { ItemPage } from "./wardrobe/ItemPage";
import { UploadsProvider } from "./wardrobe/uploads";
import { WardrobePage } from "./wardrobe/WardrobePage";
import { WardrobeProvider } from "./wardrobe/wardrobe";

export function App() {
  const user = useUser();
  if (user === undefined) return <Loading />;
  if (user === null) return <SignIn />;
  return (
    // Another person gets other state.
    <Providers key={user.uid}>
      <Shell>
        <ErrorBoundary>
          <Pages />
        </ErrorBoundary>
      </Shell>
    </Providers>
  );
}

function Providers({ children }: { children: ReactNode }) {
  return (
    <DeveloperProvider>
      <WardrobeProvider>
        <UploadsProvider>
          <FacetsProvider>{children}</FacetsProvider>
        </UploadsProvider>
      </WardrobeProvider>
    </DeveloperProvider>
  );
}

function Shell({ children }: { children: ReactNode }) {
  return (
    <>
      <a className="skip" href="#content" onClick={skipToContent}>
        Skip to content
      </a>
      <header className="top">
        <img src="./icon.svg" alt="" width="28" height="28" />
        <span className="brand">Closetspace</span>
        <nav aria-label="Main">
          <Tab href="/" icon={<Sparkles aria-hidden />} text="For you" />
          <Tab href="/wardrobe" icon={<Shirt aria-hidden />} text="Wardrobe" />
          <Tab href="/account" icon={<Person aria-hidden />} text="Account" />
        </nav>
      </header>
      <OfflineBanner />
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

/** The hash is the route, so the link can't be followed. */
function skipToContent(event: { preventDefault: () => void }) {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

function Tab({ href, icon, text }: { href: string; icon: ReactNode; text: string }) {
  const [location] = useLocation();
  const current = href === "/" ? location === href : location.startsWith(href);
  return (
    <Link href={href} aria-current={current ? "page" : undefined}>
      {icon}
      {text}
    </Link>
  );
}

function Pages() {
  const [location] = useLocation();
  return (
    <>
      {/* Keeps the list and its place while another page is open. */}
      <Activity mode={location === "/" ? "visible" : "hidden"}>
        <ExplorePage />
      </Activity>
      <Switch>
        <Route path="/" />
        <Route path="/wardrobe" component={WardrobePage} />
        <Route path="/wardrobe/:id">{({ id }) => <ItemPage id={id} key={id} />}</Route>
        <Route path="/account" component={AccountPage} />
        <Route>
          <Page title="Nothing here">
            <Link href="/">To your recommendations</Link>
          </Page>
        </Route>
      </Switch>
    </>
  );
}
