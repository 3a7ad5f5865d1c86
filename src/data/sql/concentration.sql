-- Net revenue of every user of the window, the largest first: what the shares of the top users are counted from.
SELECT revenue FROM {tiers} ORDER BY revenue DESC, user_id
