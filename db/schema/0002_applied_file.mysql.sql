-- Files that `apply` has posted under keys made of their digest, so that a file which only begins like one of
-- them is noticed.
CREATE TABLE applied_file (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  digest     BINARY(32) NOT NULL,
  head       BINARY(32) NOT NULL,
  operations BIGINT NOT NULL,
  name       VARCHAR(1000) NOT NULL,
  applied_at BIGINT NOT NULL,
  UNIQUE KEY applied_file_digest (digest),
  KEY applied_file_head (head)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
