-- Runs of plans: what was to be done, and each step as it happened.
CREATE TABLE run (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uid        BINARY(16) NOT NULL,
  run_key    VARCHAR(64) NOT NULL,
  plan       MEDIUMTEXT NOT NULL,
  actor      VARCHAR(1000) NOT NULL,
  started_at BIGINT NOT NULL,
  UNIQUE KEY run_uid (uid),
  UNIQUE KEY run_key (run_key)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE run_event (
  id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  run_id      BIGINT NOT NULL,
  number      BIGINT NOT NULL,
  kind        VARCHAR(16) NOT NULL,
  step        BIGINT NOT NULL,
  exit_code   INT NOT NULL,
  answer      MEDIUMTEXT NOT NULL,
  recorded_at BIGINT NOT NULL,
  UNIQUE KEY run_event_number (run_id, number),
  CONSTRAINT event_of_run FOREIGN KEY (run_id) REFERENCES run (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TRIGGER run_no_update BEFORE UPDATE ON run FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'run is append-only'; END;
CREATE TRIGGER run_no_delete BEFORE DELETE ON run FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'run is append-only'; END;
CREATE TRIGGER run_event_no_update BEFORE UPDATE ON run_event FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'run_event is append-only'; END;
CREATE TRIGGER run_event_no_delete BEFORE DELETE ON run_event FOR EACH ROW
BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'run_event is append-only'; END;
