-- The warehouse and its append-only ledger, for MariaDB 10.11+ and MySQL 8.0+. Guard lines are marked, so that
-- the simulator's negative control can be built from this file without them.
-- Codes and texts are compared byte by byte: utf8mb4_bin is the one collation of both servers that does.
CREATE TABLE setting (
  name  VARCHAR(64) NOT NULL PRIMARY KEY,
  value VARCHAR(1000) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE warehouse (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  code       VARCHAR(64) NOT NULL,
  name       VARCHAR(1000) NOT NULL,
  address    VARCHAR(1000),
  retired_at BIGINT,
  UNIQUE KEY warehouse_code (code)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE product (
  id            BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  sku           VARCHAR(64) NOT NULL,
  name          VARCHAR(1000) NOT NULL,
  category      VARCHAR(1000),
  unit          VARCHAR(1000),
  price_minor   BIGINT,
  reorder_point BIGINT,
  barcode       VARCHAR(1000),
  retired_at    BIGINT,
  version       BIGINT NOT NULL DEFAULT 1,
  UNIQUE KEY product_sku (sku),
  CONSTRAINT product_price CHECK (price_minor >= 0),
  CONSTRAINT product_reorder_point CHECK (reorder_point >= 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE inventory (
  id           BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  warehouse_id BIGINT NOT NULL,
  product_id   BIGINT NOT NULL,
  on_hand      BIGINT NOT NULL DEFAULT 0,
  reserved     BIGINT NOT NULL DEFAULT 0,
  version      BIGINT NOT NULL DEFAULT 0,
  head_hash    BINARY(32) NOT NULL,
  opening      BIGINT,
  UNIQUE KEY inventory_place (warehouse_id, product_id),
  KEY inventory_product (product_id),
  CONSTRAINT inventory_of_warehouse FOREIGN KEY (warehouse_id) REFERENCES warehouse (id),
  CONSTRAINT inventory_of_product FOREIGN KEY (product_id) REFERENCES product (id)
, CONSTRAINT stock_in_bounds CHECK (reserved >= 0 AND on_hand >= reserved) -- guard
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE operation (
  id              BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uid             BINARY(16) NOT NULL,
  idempotency_key VARCHAR(64),
  request_hash    BINARY(32) NOT NULL,
  kind            VARCHAR(32) NOT NULL,
  outcome         VARCHAR(16) NOT NULL,
  actor           VARCHAR(1000) NOT NULL,
  reference       VARCHAR(1000),
  reason          VARCHAR(1000),
  note            VARCHAR(1000),
  reverses_id     BIGINT,
  recorded_at     BIGINT NOT NULL,
  occurred_at     BIGINT NOT NULL,
  host            VARCHAR(255) NOT NULL,
  tool_version    VARCHAR(64) NOT NULL,
  result          MEDIUMTEXT,
  hash            BINARY(32) NOT NULL,
  UNIQUE KEY operation_uid (uid),
  UNIQUE KEY operation_key (idempotency_key),
  UNIQUE KEY operation_reverses (reverses_id),
  CONSTRAINT operation_outcome CHECK (outcome IN ('accepted', 'rejected')),
  CONSTRAINT operation_reversed FOREIGN KEY (reverses_id) REFERENCES operation (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE movement (
  id             BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  operation_id   BIGINT NOT NULL,
  inventory_id   BIGINT NOT NULL,
  line           BIGINT NOT NULL,
  kind           VARCHAR(32) NOT NULL,
  version        BIGINT NOT NULL,
  on_hand_delta  BIGINT NOT NULL,
  reserved_delta BIGINT NOT NULL,
  on_hand_after  BIGINT NOT NULL,
  reserved_after BIGINT NOT NULL,
  hash           BINARY(32) NOT NULL,
  KEY movement_operation (operation_id),
  CONSTRAINT movement_of_operation FOREIGN KEY (operation_id) REFERENCES operation (id),
  CONSTRAINT movement_of_inventory FOREIGN KEY (inventory_id) REFERENCES inventory (id)
, UNIQUE KEY movement_version (inventory_id, version) -- guard
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE purchase (
  id               BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  operation_id     BIGINT NOT NULL,
  line             BIGINT NOT NULL,
  user_name        VARCHAR(64) NOT NULL,
  product_id       BIGINT NOT NULL,
  warehouse_id     BIGINT NOT NULL,
  quantity         BIGINT NOT NULL,
  unit_price_minor BIGINT NOT NULL,
  total_minor      BIGINT NOT NULL,
  purchased_at     BIGINT NOT NULL,
  KEY purchase_operation (operation_id),
  KEY purchase_user (user_name),
  KEY purchase_product (product_id),
  KEY purchase_warehouse (warehouse_id),
  CONSTRAINT purchase_quantity CHECK (quantity > 0),
  CONSTRAINT purchase_of_operation FOREIGN KEY (operation_id) REFERENCES operation (id),
  CONSTRAINT purchase_of_product FOREIGN KEY (product_id) REFERENCES product (id),
  CONSTRAINT purchase_of_warehouse FOREIGN KEY (warehouse_id) REFERENCES warehouse (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The ledger only grows. REPLACE and upserts fire these too; TRUNCATE and DROP do not, which is why the
-- accounts that work with the ledger have neither right.
CREATE TRIGGER operation_no_update BEFORE UPDATE ON operation FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'operation is append-only'; END;
CREATE TRIGGER operation_no_delete BEFORE DELETE ON operation FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'operation is append-only'; END;

CREATE TRIGGER movement_no_update BEFORE UPDATE ON movement FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'movement is append-only'; END;
CREATE TRIGGER movement_no_delete BEFORE DELETE ON movement FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'movement is append-only'; END;

CREATE TRIGGER purchase_no_update BEFORE UPDATE ON purchase FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'purchase is append-only'; END;
CREATE TRIGGER purchase_no_delete BEFORE DELETE ON purchase FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'purchase is append-only'; END;
