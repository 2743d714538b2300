-- Stocktaking: what stood in the books when a count was opened, and what was counted since, entry by entry.
CREATE TABLE stock_count (
  id           BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uid          BINARY(16) NOT NULL,
  warehouse_id BIGINT NOT NULL,
  note         VARCHAR(1000),
  actor        VARCHAR(1000) NOT NULL,
  opened_at    BIGINT NOT NULL,
  ended_at     BIGINT,
  operation_id BIGINT,
  version      BIGINT NOT NULL DEFAULT 0,
  UNIQUE KEY stock_count_uid (uid),
  CONSTRAINT count_of_warehouse FOREIGN KEY (warehouse_id) REFERENCES warehouse (id),
  CONSTRAINT count_closed_by FOREIGN KEY (operation_id) REFERENCES operation (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE count_line (
  count_id         BIGINT NOT NULL,
  product_id       BIGINT NOT NULL,
  snapshot_version BIGINT NOT NULL,
  snapshot         BIGINT NOT NULL,
  PRIMARY KEY (count_id, product_id),
  CONSTRAINT line_of_count FOREIGN KEY (count_id) REFERENCES stock_count (id),
  CONSTRAINT count_line_of_product FOREIGN KEY (product_id) REFERENCES product (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE count_entry (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  count_id   BIGINT NOT NULL,
  product_id BIGINT NOT NULL,
  quantity   BIGINT NOT NULL,
  adds       TINYINT NOT NULL,
  entry_key  VARCHAR(64) NOT NULL,
  actor      VARCHAR(1000) NOT NULL,
  entered_at BIGINT NOT NULL,
  KEY count_entry_product (count_id, product_id),
  KEY count_entry_key (count_id, entry_key),
  CONSTRAINT count_entry_quantity CHECK (quantity >= 0),
  CONSTRAINT entry_of_count FOREIGN KEY (count_id) REFERENCES stock_count (id),
  CONSTRAINT count_entry_of_product FOREIGN KEY (product_id) REFERENCES product (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TRIGGER count_entry_no_update BEFORE UPDATE ON count_entry FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'count_entry is append-only'; END;
CREATE TRIGGER count_entry_no_delete BEFORE DELETE ON count_entry FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'count_entry is append-only'; END;
