//! Documents as bytes in, facts out: NF-e, events, OCOREN, stock and shipment sheets. No I/O.
