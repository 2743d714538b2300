-- When to order, and up to what. A product's own point and target (in `product`) hold in every warehouse that
-- has none here.
ALTER TABLE product ADD COLUMN reorder_target INTEGER CHECK (reorder_target >= 0);

CREATE TABLE threshold (
  warehouse_id  INTEGER NOT NULL REFERENCES warehouse (id),
  product_id    INTEGER NOT NULL REFERENCES product (id),
  reorder_point INTEGER NOT NULL CHECK (reorder_point >= 0),
  target        INTEGER CHECK (target >= reorder_point),
  PRIMARY KEY (warehouse_id, product_id)
) STRICT, WITHOUT ROWID;
