import type { WardrobeItem } from "@closetspace/web";
import { useState, type DragEvent } from "react";
import { Link } from "wouter";
import { Skeletons } from "../ui/Loading";
import { Notice } from "../ui/Notice";
import { Page } from "../ui/Page";
import { AddPhotos } from "./AddPhotos";
import { Photo } from "./Photo";
import { noteOf, titleOf } from "./sentences";
import { UploadList } from "./UploadList";
import { useUploads } from "./uploads";
import { useWardrobe } from "./wardrobe";

export function WardrobePage() {
  const { items, error } = useWardrobe();
  const drop = useDrop();
  return (
    <div {...drop}>
      <Page title="Wardrobe" actions={<AddPhotos />}>
        <UploadList />
        {error ? <Notice role="alert">{error.message}</Notice> : <Items items={items} />}
      </Page>
    </div>
  );
}

function Items({ items }: { items: readonly WardrobeItem[] | undefined }) {
  const { uploads } = useUploads();
  if (!items) return <Skeletons count={8} />;
  if (!items.length && uploads.length) return null;
  if (!items.length) {
    return (
      <Notice>
        <p>Add photos of a few clothes that you own. Drop them here, or choose them.</p>
        <p className="quiet">JPEG, PNG, WebP, HEIC and AVIF, up to 20 MB each. One garment a photo works best.</p>
      </Notice>
    );
  }
  return (
    <ul className="cards" aria-label="Items">
      {items.map((item) => (
        <ItemCard item={item} key={item.id} />
      ))}
    </ul>
  );
}

function ItemCard({ item }: { item: WardrobeItem }) {
  const note = noteOf(item);
  return (
    <li className="card item" data-status={item.status}>
      <div className="frame">
        <Photo item={item} side={640} />
      </div>
      <Link href={`/wardrobe/${encodeURIComponent(item.id)}`} className="title">
        {titleOf(item)}
      </Link>
      {item.item.brand && <p className="quiet">{item.item.brand}</p>}
      {item.status === "failed" && <p className="problem">Not usable</p>}
      {note && <p className="quiet">{note}</p>}
    </li>
  );
}

/** Returns what makes an element take files that are dropped on it. */
function useDrop() {
  const { add } = useUploads();
  const [over, setOver] = useState(false);
  return {
    className: over ? "dropping" : undefined,
    onDragOver(event: DragEvent) {
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop(event: DragEvent) {
      event.preventDefault();
      setOver(false);
      add(event.dataTransfer.files);
    },
  };
}
