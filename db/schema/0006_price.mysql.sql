-- Prices that are remembered: what each product cost from when on, and who said so. One change is what one
-- command did, with a line for each product. `product` keeps what is in effect, so that a sale reads one row.
ALTER TABLE product
  ADD COLUMN next_price_at BIGINT,
  ADD COLUMN price_version BIGINT NOT NULL DEFAULT 0;

CREATE TABLE price_change (
  id              BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uid             BINARY(16) NOT NULL,
  idempotency_key VARCHAR(64),
  actor           VARCHAR(1000) NOT NULL,
  reason          VARCHAR(1000) NOT NULL,
  effective_at    BIGINT NOT NULL,
  recorded_at     BIGINT NOT NULL,
  host            VARCHAR(255) NOT NULL,
  tool_version    VARCHAR(64) NOT NULL,
  line_count      BIGINT NOT NULL,
  hash            BINARY(32) NOT NULL,
  UNIQUE KEY price_change_uid (uid),
  UNIQUE KEY price_change_key (idempotency_key)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE price_line (
  product_id BIGINT NOT NULL,
  version    BIGINT NOT NULL,
  change_id  BIGINT NOT NULL,
  old_minor  BIGINT,
  new_minor  BIGINT,
  PRIMARY KEY (product_id, version),
  KEY price_line_change (change_id),
  CONSTRAINT price_line_old CHECK (old_minor >= 0),
  CONSTRAINT price_line_new CHECK (new_minor >= 0),
  CONSTRAINT price_line_of_product FOREIGN KEY (product_id) REFERENCES product (id),
  CONSTRAINT price_line_of_change FOREIGN KEY (change_id) REFERENCES price_change (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Append-only, as the ledger is.
CREATE TRIGGER price_change_no_update BEFORE UPDATE ON price_change FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'price_change is append-only'; END;
CREATE TRIGGER price_change_no_delete BEFORE DELETE ON price_change FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'price_change is append-only'; END;

CREATE TRIGGER price_line_no_update BEFORE UPDATE ON price_line FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'price_line is append-only'; END;
CREATE TRIGGER price_line_no_delete BEFORE DELETE ON price_line FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'price_line is append-only'; END;
