import { ClosetError, type WardrobeItem } from "@closetspace/web";
import { ArrowLeft, Trash2 } from "lucide-react";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { closet } from "../backend";
import { Alert } from "../ui/Alert";
import { Dialog } from "../ui/Dialog";
import { Skeletons } from "../ui/Loading";
import { Notice } from "../ui/Notice";
import { Page } from "../ui/Page";
import { ItemForm } from "./ItemForm";
import { Photo } from "./Photo";
import { PhotoInput } from "./PhotoInput";
import { noteOf, titleOf } from "./sentences";
import { useWardrobe } from "./wardrobe";

export function ItemPage({ id }: { id: string }) {
  const { items, error } = useWardrobe();
  const item = items?.find((one) => one.id === id);
  if (item) return <Item item={item} />;
  return (
    <Page title="Item" back={<BackLink />}>
      {error && <Notice role="alert">{error.message}</Notice>}
      {!items && !error && <Skeletons count={1} />}
      {items && <Notice>This item is not in your wardrobe any more.</Notice>}
    </Page>
  );
}

function Item({ item }: { item: WardrobeItem }) {
  const note = noteOf(item);
  return (
    <Page title={titleOf(item)} back={<BackLink />}>
      <div className="item-page">
        <div className="photo-side">
          <div className="frame">
            <Photo item={item} side={640} />
          </div>
          {note && <p className={item.status === "failed" ? "problem" : "quiet"}>{note}</p>}
          <ReplacePhoto id={item.id} />
        </div>
        <div>
          <ItemForm item={item} />
          <Remove item={item} />
        </div>
      </div>
    </Page>
  );
}

function BackLink() {
  return (
    <Link href="/wardrobe" className="back">
      <ArrowLeft aria-hidden />
      Back to the wardrobe
    </Link>
  );
}

function ReplacePhoto({ id }: { id: string }) {
  const [share, setShare] = useState<number>();
  const [problem, setProblem] = useState("");
  async function replace([file]: File[]) {
    setProblem("");
    setShare(0);
    try {
      await closet.updateItem(id, { file }, { onProgress: setShare });
    } catch (error) {
      setProblem(ClosetError.from(error).message);
    }
    setShare(undefined);
  }
  return (
    <>
      {share === undefined ? (
        <PhotoInput onFiles={replace}>Replace photo</PhotoInput>
      ) : (
        <progress aria-label="Uploading the photo" value={share} max={1} />
      )}
      <Alert text={problem} />
    </>
  );
}

function Remove({ item }: { item: WardrobeItem }) {
  const [asking, setAsking] = useState(false);
  const [, navigate] = useLocation();
  function remove() {
    // Without a connection it is removed here at once, and on the server later.
    closet.removeItem(item.id).catch((error: unknown) => console.error(error));
    navigate("/wardrobe");
  }
  return (
    <>
      <button className="danger" onClick={() => setAsking(true)}>
        <Trash2 aria-hidden />
        Remove
      </button>
      {asking && (
        <Dialog title="Remove this item?" onClose={() => setAsking(false)}>
          <p>Its photo goes, too. Recommendations no longer take it into account.</p>
          <div className="row">
            <button className="danger" onClick={remove}>
              Remove
            </button>
            <button onClick={() => setAsking(false)}>Keep</button>
          </div>
        </Dialog>
      )}
    </>
  );
}
