-- Seals of the ledger: a digest over the heads of all chains, and the heads that moved since the seal before.
CREATE TABLE seal (
  id             BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name           VARCHAR(64),
  digest         BINARY(32) NOT NULL,
  movements      BIGINT NOT NULL,
  inventory_rows BIGINT NOT NULL,
  recorded_at    BIGINT NOT NULL,
  actor          VARCHAR(1000) NOT NULL,
  host           VARCHAR(255) NOT NULL,
  tool_version   VARCHAR(64) NOT NULL,
  UNIQUE KEY seal_name (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE seal_line (
  id        BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  seal_id   BIGINT NOT NULL,
  warehouse VARCHAR(64) NOT NULL,
  sku       VARCHAR(64) NOT NULL,
  version   BIGINT NOT NULL,
  head      BINARY(32) NOT NULL,
  UNIQUE KEY seal_line_version (warehouse, sku, version),
  KEY seal_line_of (seal_id),
  CONSTRAINT seal_line_of_seal FOREIGN KEY (seal_id) REFERENCES seal (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Append-only, as the ledger is.
CREATE TRIGGER seal_no_update BEFORE UPDATE ON seal FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'seal is append-only'; END;
CREATE TRIGGER seal_no_delete BEFORE DELETE ON seal FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'seal is append-only'; END;

CREATE TRIGGER seal_line_no_update BEFORE UPDATE ON seal_line FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'seal_line is append-only'; END;
CREATE TRIGGER seal_line_no_delete BEFORE DELETE ON seal_line FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'seal_line is append-only'; END;
