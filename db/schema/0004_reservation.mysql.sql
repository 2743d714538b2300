-- Reservations. The ledger says what was held and given back; `hold` is what is open now, as `inventory` is the
-- balance.
ALTER TABLE operation
  ADD COLUMN reservation_id BIGINT,
  ADD COLUMN expires_at BIGINT,
  ADD KEY operation_reservation (reservation_id),
  ADD CONSTRAINT operation_of_reservation FOREIGN KEY (reservation_id) REFERENCES operation (id);

CREATE TABLE hold (
  reservation_id BIGINT NOT NULL,
  inventory_id   BIGINT NOT NULL,
  quantity       BIGINT NOT NULL,
  expires_at     BIGINT NOT NULL,
  PRIMARY KEY (reservation_id, inventory_id),
  KEY hold_inventory (inventory_id, expires_at),
  CONSTRAINT hold_quantity CHECK (quantity > 0),
  CONSTRAINT hold_of_reservation FOREIGN KEY (reservation_id) REFERENCES operation (id),
  CONSTRAINT hold_of_inventory FOREIGN KEY (inventory_id) REFERENCES inventory (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
