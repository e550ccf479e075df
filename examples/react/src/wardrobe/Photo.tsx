import type { WardrobeItem } from "@closetspace/web";
import { Shirt } from "lucide-react";
import { useEffect, useState } from "react";
import { closet } from "../backend";

/**
 * An item's photo. Its title stands beside it, so it has no text of its own.
 *
 * Before there is a thumbnail nothing is loaded: the photo may be large, and of a format that browsers don't show.
 */
export function Photo({ item, side }: { item: WardrobeItem; side: 640 | 160 }) {
  const src = usePhotoUrl(item, side);
  const [broken, setBroken] = useState<string>();
  if (src && src !== broken) return <img src={src} alt="" loading="lazy" onError={() => setBroken(src)} />;
  return <div className="no-photo">{item.status === "processing" ? null : <Shirt aria-hidden />}</div>;
}

function usePhotoUrl(item: WardrobeItem, side: 640 | 160): string | null {
  const [src, setSrc] = useState<string | null>(null);
  const { status, state } = item;
  const path = state?.thumbnails?.[side] ?? item.item.photo_path ?? item.item.secure_url;
  useEffect(() => {
    let left = false;
    const show = (url: string | null) => !left && setSrc(url);
    if (status === "ready") closet.photoUrl(item, side).then(show, () => show(null));
    return () => {
      left = true;
    };
    // `item` is another object after every change of the wardrobe.
  }, [path, status, side]);
  return src;
}
