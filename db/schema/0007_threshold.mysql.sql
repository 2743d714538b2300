-- When to order, and up to what. A product's own point and target (in `product`) hold in every warehouse that
-- has none here.
ALTER TABLE product
  ADD COLUMN reorder_target BIGINT,
  ADD CONSTRAINT product_reorder_target CHECK (reorder_target >= 0);

CREATE TABLE threshold (
  warehouse_id  BIGINT NOT NULL,
  product_id    BIGINT NOT NULL,
  reorder_point BIGINT NOT NULL,
  target        BIGINT,
  PRIMARY KEY (warehouse_id, product_id),
  KEY threshold_product (product_id),
  CONSTRAINT threshold_point CHECK (reorder_point >= 0),
  CONSTRAINT threshold_target CHECK (target >= reorder_point),
  CONSTRAINT threshold_of_warehouse FOREIGN KEY (warehouse_id) REFERENCES warehouse (id),
  CONSTRAINT threshold_of_product FOREIGN KEY (product_id) REFERENCES product (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
