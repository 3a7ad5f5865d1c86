-- Ids that are left when case, blanks and stray characters do not count.
SELECT count(DISTINCT plain_id(user_id)) AS ids
FROM {users}
