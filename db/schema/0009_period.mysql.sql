-- Reports by time, what a receipt has cost, and closed periods: how things stood when a period ended, so that a
-- report needs not begin at the beginning.
ALTER TABLE operation
  ADD KEY operation_occurred (occurred_at),
  ADD KEY operation_recorded (recorded_at);
ALTER TABLE movement ADD COLUMN unit_cost_minor BIGINT;

CREATE TABLE period (
  id           BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name         VARCHAR(64) NOT NULL,
  starts_at    BIGINT NOT NULL,
  ends_at      BIGINT NOT NULL,
  operations   BIGINT NOT NULL,
  movements    BIGINT NOT NULL,
  digest       BINARY(32) NOT NULL,
  closed_at    BIGINT NOT NULL,
  actor        VARCHAR(1000) NOT NULL,
  host         VARCHAR(255) NOT NULL,
  tool_version VARCHAR(64) NOT NULL,
  UNIQUE KEY period_name (name),
  UNIQUE KEY period_end (ends_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Only what is not zero.
CREATE TABLE period_balance (
  period_id    BIGINT NOT NULL,
  inventory_id BIGINT NOT NULL,
  on_hand      BIGINT NOT NULL,
  PRIMARY KEY (period_id, inventory_id),
  KEY period_balance_row (inventory_id),
  CONSTRAINT period_balance_of_period FOREIGN KEY (period_id) REFERENCES period (id),
  CONSTRAINT period_balance_of_inventory FOREIGN KEY (inventory_id) REFERENCES inventory (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE period_cost (
  period_id   BIGINT NOT NULL,
  product_id  BIGINT NOT NULL,
  owed        BIGINT NOT NULL,
  pooled      BIGINT NOT NULL,
  uncosted    BIGINT NOT NULL,
  value_minor BIGINT NOT NULL,
  PRIMARY KEY (period_id, product_id),
  KEY period_cost_product (product_id),
  CONSTRAINT period_cost_of_period FOREIGN KEY (period_id) REFERENCES period (id),
  CONSTRAINT period_cost_of_product FOREIGN KEY (product_id) REFERENCES product (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE period_layer (
  period_id       BIGINT NOT NULL,
  product_id      BIGINT NOT NULL,
  position        BIGINT NOT NULL,
  quantity        BIGINT NOT NULL,
  unit_cost_minor BIGINT,
  received_at     BIGINT NOT NULL,
  operation_id    BIGINT NOT NULL,
  PRIMARY KEY (period_id, product_id, position),
  KEY period_layer_product (product_id),
  KEY period_layer_operation (operation_id),
  CONSTRAINT period_layer_of_period FOREIGN KEY (period_id) REFERENCES period (id),
  CONSTRAINT period_layer_of_product FOREIGN KEY (product_id) REFERENCES product (id),
  CONSTRAINT period_layer_of_operation FOREIGN KEY (operation_id) REFERENCES operation (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Append-only, as the ledger is.
CREATE TRIGGER period_no_update BEFORE UPDATE ON period FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'period is append-only'; END;
CREATE TRIGGER period_no_delete BEFORE DELETE ON period FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'period is append-only'; END;

CREATE TRIGGER period_balance_no_update BEFORE UPDATE ON period_balance FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'period_balance is append-only'; END;
CREATE TRIGGER period_balance_no_delete BEFORE DELETE ON period_balance FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'period_balance is append-only'; END;

CREATE TRIGGER period_cost_no_update BEFORE UPDATE ON period_cost FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'period_cost is append-only'; END;
CREATE TRIGGER period_cost_no_delete BEFORE DELETE ON period_cost FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'period_cost is append-only'; END;

CREATE TRIGGER period_layer_no_update BEFORE UPDATE ON period_layer FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'period_layer is append-only'; END;
CREATE TRIGGER period_layer_no_delete BEFORE DELETE ON period_layer FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'period_layer is append-only'; END;
