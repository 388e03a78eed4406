"""What a refusal of the contracts of the economy means: part of the table in `failures`."""

from __future__ import annotations

from typing import Final

__all__ = ["MARKET_SENTENCES"]

MARKET_SENTENCES: Final[dict[str, tuple[str, str]]] = {
    # DataMarket, Offers, Settlement
    "OfferInvalidTerm": (
        "The offer can't be made with {term} as it is: it is empty, unknown or out of bounds. "
        "Correct it.",
        "제안의 조건이 맞지 않습니다({term}): 비었거나 목록에 없거나 한도를 벗어났습니다. "
        "고치십시오.",
    ),
    "OfferNotOpen": (
        "Offer {offer} does not exist or takes no more buyers: choose another.",
        "{offer}번 제안은 없거나 더는 구매를 받지 않습니다. 다른 제안을 고르십시오.",
    ),
    "OfferNotSubject": (
        "{caller} is not the subject of offer {offer}: only the person who made it may close it.",
        "{caller} 계정은 {offer}번 제안의 정보주체가 아닙니다. 제안한 본인만 닫을 수 있습니다.",
    ),
    "MarketExpiredSignature": (
        "The signed offer could be submitted until {deadline}: sign it again.",
        "서명한 제안은 {deadline}까지만 낼 수 있었습니다. 다시 서명하십시오.",
    ),
    "MarketInvalidSignature": (
        "The signature is not that of {signer} over this act: another offer came first, or another "
        "key signed. Sign anew.",
        "{signer}의 서명이 아닙니다. 다른 제안이 먼저 처리되었거나 다른 열쇠로 서명했습니다. "
        "다시 서명하십시오.",
    ),
    "OrderLive": (
        "Your order {order} of this offer is still running: wait until it is settled.",
        "이 제안에 대한 주문 {order}이(가) 진행 중입니다. 정산될 때까지 기다리십시오.",
    ),
    "OrderDenied": (
        "The person's consent does not permit it: {reason}.",
        "본인의 동의로 허락되지 않았습니다: {reason}.",
    ),
    "OrderWrongState": (
        "Order {order} {state}, so this can't be done with it: look it up and choose another step.",
        "주문 {order}은(는) 지금 이 일을 할 수 없습니다(상태: {state}). 주문을 다시 확인하십시오.",
    ),
    "OrderPastDeadline": (
        "Order {order} had to be delivered before {deadline}: settle it, and the buyer gets all "
        "back.",
        "주문 {order}의 인도 기한은 {deadline}이었습니다. 정산하면 구매자가 전액을 돌려받습니다.",
    ),
    "OrderNotOver": (
        "Order {order} can't be settled before {until}: wait until then.",
        "주문 {order}은(는) {until} 전에는 정산할 수 없습니다. 그때까지 기다리십시오.",
    ),
    "OrderOver": (
        "Order {order} is over since {stop}: settle it as a whole.",
        "주문 {order}은(는) {stop}에 끝났습니다. 전체를 정산하십시오.",
    ),
    "OrderPastChallenge": (
        "Order {order} could be disputed until {until}: what was delivered counts as accepted.",
        "주문 {order}의 이의는 {until}까지만 제기할 수 있었습니다. 인도된 것을 받아들인 것으로 "
        "봅니다.",
    ),
    "OrderNotDisputes": (
        "{caller} is not the contract of disputes: raise the dispute there.",
        "{caller} 계정은 분쟁 계약이 아닙니다. 분쟁 계약에서 제기하십시오.",
    ),
    "ConsentSeen": (
        "Grant {grants} of {subject} to {group} was seen already: nothing is left to do.",
        "{subject}의 {group} 동의({grants}번째)는 이미 확인되었습니다. 더 할 일이 없습니다.",
    ),
    "ConsentNotInForce": (
        "No grant of {subject} to {group} is in force: see it while it is.",
        "{subject}의 {group} 동의가 유효하지 않습니다. 유효한 동안 확인하십시오.",
    ),
    # Studies, StudyBook
    "StudyInvalidTerm": (
        "The study can't be opened with {term} as it is: it is empty, unknown or out of bounds. "
        "Correct it.",
        "연구의 조건이 맞지 않습니다({term}): 비었거나 목록에 없거나 한도를 벗어났습니다. "
        "고치십시오.",
    ),
    "StudyNotResearcher": (
        "{caller} is not the researcher of study {study}: only who opened it may change it.",
        "{caller} 계정은 {study}번 연구의 연구자가 아닙니다. 연구를 연 사람만 바꿀 수 있습니다.",
    ),
    "StudyNotOpen": (
        "Study {study} does not exist, is closed, or its deadline is over: choose another.",
        "{study}번 연구는 없거나 닫혔거나 모집이 끝났습니다. 다른 연구를 고르십시오.",
    ),
    "StudyRevisedSince": (
        "The terms of {group} have changed, and the study is at revision {revision}: read them, "
        "and consent to that revision.",
        "{group}의 조건이 바뀌어 지금은 {revision}판입니다. 새 조건을 읽고 그 판에 동의하십시오.",
    ),
    "StudyNotAccredited": (
        "{researcher}, who leads study {study}, is not accredited as a researcher any more: choose "
        "another study.",
        "{study}번 연구를 이끄는 {researcher} 계정은 더는 인증된 연구자가 아닙니다. 다른 연구를 "
        "고르십시오.",
    ),
    "StudyPlacesGiven": (
        "All {places} places of {group} were given out, to those who left too, and each has a key "
        "of its own: choose another study, or come back when its researcher has revised it.",
        "{group}의 자리 {places}개가 떠난 사람의 것까지 모두 배정되었고, 자리마다 열쇠가 따로 "
        "있습니다. 다른 연구를 고르거나 연구자가 새 판을 낸 뒤 다시 오십시오.",
    ),
    "StudyFull": (
        "Study {study} has the {cap} subjects that it takes: choose another, or come back if a "
        "place is left.",
        "{study}번 연구는 정원 {cap}명이 찼습니다. 다른 연구를 고르거나 자리가 나면 다시 오십시오.",
    ),
    "StudyShort": (
        "The budget of study {study} is {budget}, and a subject gets {price}: it has to be funded "
        "first.",
        "{study}번 연구의 예산은 {budget}인데 한 사람의 몫은 {price}입니다. 먼저 예산을 "
        "채워야 합니다.",
    ),
    "StudyNotBoard": (
        "{caller} may not approve {group}, or take its approval back: a board of an institution "
        "that the researcher does not belong to does, and only its own approval.",
        "{caller} 계정은 {group}을(를) 승인하거나 승인을 거둘 수 없습니다. 연구자가 속하지 "
        "않은 기관의 윤리위원회가 하고, 자기 승인만 거둡니다.",
    ),
    "StudyNotOver": (
        "Study {study} takes people until {deadline}: before that only its researcher closes it.",
        "{study}번 연구는 {deadline}까지 모집합니다. 그 전에는 연구자만 닫을 수 있습니다.",
    ),
    # Unions, UnionBook, UnionShares
    "UnionInvalidTerm": (
        "The union can't be opened with {term} as it is: it is empty, unknown or out of bounds. "
        "Correct it.",
        "조합의 조건이 맞지 않습니다({term}): 비었거나 목록에 없거나 한도를 벗어났습니다. "
        "고치십시오.",
    ),
    "UnionNotOpen": (
        "Union {number} does not exist or is closed: choose another.",
        "{number}번 조합은 없거나 닫혔습니다. 다른 조합을 고르십시오.",
    ),
    "UnionNotKeeper": (
        "{caller} did not open union {number}: only who opened it may close it.",
        "{caller} 계정은 {number}번 조합을 연 계정이 아닙니다. 연 사람만 닫을 수 있습니다.",
    ),
    "UnionNotVouched": (
        "{voucher} did not say that {account} is the one persona of {mark}: have it vouch first.",
        "{voucher}이(가) {account}을(를) {mark}의 유일한 페르소나로 확인하지 않았습니다. 먼저 "
        "확인을 받으십시오.",
    ),
    "UnionCannotVouch": (
        "{voucher} is no accredited issuer, or spoke of {mark} before: each mark stands for one "
        "account, for good.",
        "{voucher}은(는) 인가된 발급 기관이 아니거나 {mark}을(를) 이미 확인했습니다. 표식 하나는 "
        "한 계정만 나타내며 바뀌지 않습니다.",
    ),
    "UnionMemberAlready": (
        "{subject} is a member of union {number} already: nothing is left to do.",
        "{subject} 계정은 이미 {number}번 조합의 조합원입니다. 더 할 일이 없습니다.",
    ),
    "UnionNotMember": (
        "{subject} is no member of union {number}, or was none when the order was delivered.",
        "{subject} 계정은 {number}번 조합의 조합원이 아니거나, 주문이 인도될 때 아니었습니다.",
    ),
    "UnionConsentStands": (
        "The consent of {subject} to union {number} stands: only they end their membership.",
        "{number}번 조합에 대한 {subject}의 동의가 유효합니다. 본인만 탈퇴할 수 있습니다.",
    ),
    "UnionTooSmall": (
        "Union {number} has {members} members, and {minimum} were asked for: ask for fewer, or "
        "wait.",
        "{number}번 조합의 조합원은 {members}명인데 {minimum}명을 요구했습니다. 수를 줄이거나 "
        "기다리십시오.",
    ),
    "UnionNotDelivered": (
        "The part of {member} is not in what was delivered for order {order}: use the one that "
        "the committee attested.",
        "{member}의 몫은 주문 {order}에 인도된 것에 없습니다. 위원회가 확인한 것을 쓰십시오.",
    ),
    "UnionClaimedBefore": (
        "The part of {member} in order {order} was claimed before: it is in their credit.",
        "주문 {order}에서 {member}의 몫은 이미 청구되어 적립되었습니다.",
    ),
    "UnionInvalidParts": (
        "The extract that the committee signed is not of {count} parts under {root}: send the "
        "count and the root of the list that it attested.",
        "위원회가 서명한 추출본이 루트 {root}의 몫 {count}개와 다릅니다. 위원회가 확인한 목록의 "
        "개수와 루트를 보내십시오.",
    ),
    "UnionAllClaimed": (
        "All parts that the price of order {order} was divided by were claimed, or accused.",
        "주문 {order}의 가격을 나눈 몫이 모두 청구되었거나 이의가 제기되었습니다.",
    ),
    "UnionNotBuyer": (
        "{caller} did not buy order {order}: only the buyer says that a part doesn't open.",
        "{caller} 계정은 주문 {order}의 구매자가 아닙니다. 구매자만 몫이 열리지 않는다고 할 수 "
        "있습니다.",
    ),
    "UnionAccusedBefore": (
        "It was said before that the part of {member} in order {order} doesn't open.",
        "주문 {order}에서 {member}의 몫이 열리지 않는다고 이미 말했습니다.",
    ),
    "UnionNobodyAccused": (
        "No part of order {order} was accused: say first which parts don't open.",
        "주문 {order}에서 열리지 않는다고 한 몫이 없습니다. 어느 몫인지 먼저 밝히십시오.",
    ),
    "UnionDisputedBefore": (
        "There was a dispute about order {order}, which named all that doesn't open.",
        "주문 {order}에 대한 분쟁이 이미 있었고, 열리지 않는 몫은 그때 모두 밝혔습니다.",
    ),
    "UnionPartRefused": (
        "A dispute found that the part of {member} in order {order} doesn't open: its share went "
        "back to the buyer.",
        "분쟁에서 주문 {order}의 {member} 몫이 열리지 않는다고 판정되어 그 값은 구매자에게 "
        "돌아갔습니다.",
    ),
    "UnionHasParts": (
        "Order {order} is one of a union: it is delivered in its members' parts, and each is "
        "claimed by itself.",
        "주문 {order}은(는) 조합의 주문입니다. 조합원의 몫으로 인도되고 몫마다 따로 청구합니다.",
    ),
    "OrderInvalidKey": (
        "A receiving key is never zero: make a fresh key for this order.",
        "받는 열쇠가 0입니다. 이 주문에 쓸 새 열쇠를 만드십시오.",
    ),
    "CommitteeUnknown": (
        "These are not the members and threshold of committee {number}: use those of its "
        "registration.",
        "{number}번 위원회의 구성원과 정족수가 아닙니다. 등록된 값을 쓰십시오.",
    ),
    "DeliveryInvalidSigners": (
        "{signed} signatures of the members that are marked ({signers}) are too few, too many or "
        "misplaced: collect as many as the threshold, in the order of the members.",
        "표시된 구성원({signers})의 서명 {signed}개가 모자라거나 남거나 순서가 틀립니다. 구성원 "
        "순서대로 정족수만큼 모으십시오.",
    ),
    "CreditNone": (
        "Nothing is owed to {account} now.",
        "지금 {account} 계정이 받을 금액이 없습니다.",
    ),
    "TokenNonexistent": (
        "There is no token {tokenId}, or a later purchase took its place.",
        "{tokenId}번 토큰이 없거나 나중 구매로 바뀌었습니다.",
    ),
    "TokenInvalidOwner": (
        "{owner} is the zero address, which holds no tokens: name an account.",
        "{owner}은(는) 0 주소라서 토큰을 가질 수 없습니다. 계정을 지정하십시오.",
    ),
    "TokenSoulbound": (
        "Access tokens never move: buy access with the account that is to have it.",
        "이용 토큰은 옮길 수 없습니다. 이용할 계정으로 직접 구매하십시오.",
    ),
    # CoinSale, RewardCoin
    "SaleInvalidTerm": (
        "The sale can't be made with term {term} as it is: it is empty or out of bounds. "
        "Correct it.",
        "판매의 {term}번 조건이 비었거나 한도를 벗어났습니다. 고치십시오.",
    ),
    "SaleNotForEther": (
        "The sale takes no ether: pay with the token that `aceso coin sale` shows.",
        "이 판매는 이더를 받지 않습니다. `aceso coin sale` 에 나오는 토큰으로 내십시오.",
    ),
    "SaleNoToken": (
        "The sale takes no token: pay with ether.",
        "이 판매는 토큰을 받지 않습니다. 이더로 내십시오.",
    ),
    "SaleNothingPaid": (
        "Nothing was paid, or less than the least amount of coin costs: pay more.",
        "낸 것이 없거나 코인의 최소 단위 값보다 적습니다. 더 내십시오.",
    ),
    "SaleCapExceeded": (
        "The sale has only {left} base units of coin left, and {amount} were asked for: buy less.",
        "남은 코인은 기본 단위로 {left}인데 {amount}을(를) 요청했습니다. 더 적게 사십시오.",
    ),
    "SaleDayCapExceeded": (
        "Today the sale has only {left} base units of coin left, and {amount} were asked for: buy "
        "less, or come back after midnight, UTC.",
        "오늘 남은 코인은 기본 단위로 {left}인데 {amount}을(를) 요청했습니다. 더 적게 사거나 "
        "협정 세계시 자정 뒤에 다시 오십시오.",
    ),
    "SaleOver": (
        "The sale has been over since {endedAt}: get coin from somebody who has some.",
        "판매는 {endedAt}에 끝났습니다. 코인을 가진 사람에게서 구하십시오.",
    ),
    "SaleEnding": (
        "The end of the sale is announced for {endsAt} already: there is nothing more to do.",
        "판매의 끝은 이미 {endsAt}(으)로 알려졌습니다. 더 할 일이 없습니다.",
    ),
    "SaleNotEnding": (
        "No end of the sale was announced, so there is none to call off.",
        "판매의 끝이 알려진 적이 없어 거둘 것이 없습니다.",
    ),
    "SaleNotAuthority": (
        "{caller} is not the authority: only its wallet announces the end of the sale, or calls it "
        "off.",
        "{caller} 계정은 관리 기관이 아닙니다. 관리 기관의 지갑만 판매의 끝을 알리거나 거둡니다.",
    ),
    "SafeERC20FailedOperation": (
        "The token {token} did not do what it was asked: see that you hold enough of it, and that "
        "it lets you send.",
        "토큰 {token}이(가) 요청을 들어주지 않았습니다. 잔액이 충분한지, 보낼 수 있는 상태인지 "
        "확인하십시오.",
    ),
    "ReentrancyGuardReentrantCall": (
        "The token called back in the midst of a purchase, which is refused: don't buy with it.",
        "구매 도중에 토큰이 다시 호출하여 거부했습니다. 이 토큰으로 사지 마십시오.",
    ),
    "SaleTransferFailed": (
        "The commons {commons} did not take the ether: it stays in the sale, and anybody may try "
        "again.",
        "공동 기금 {commons}이(가) 이더를 받지 않았습니다. 이더는 그대로 있으며 누구나 다시 "
        "시도할 수 있습니다.",
    ),
    "CoinNotMinter": (
        "{caller} may not make coin: only the sale and the reward pool can.",
        "{caller} 계정은 코인을 발행할 수 없습니다. 판매 계약과 보상 기금만 할 수 있습니다.",
    ),
    "CoinCapExceeded": (
        "There would be {supply} base units of coin, and there may be {cap} at most: ask for less.",
        "코인이 기본 단위로 {supply}이(가) 되어 한도 {cap}을(를) 넘습니다. 더 적게 요청하십시오.",
    ),
    "ERC20InsufficientAllowance": (
        "{spender} may take {allowance} base units of coin from you, and {needed} are needed: "
        "approve that much first.",
        "{spender}에게 허용한 코인은 기본 단위로 {allowance}인데 {needed}이(가) 필요합니다. 먼저 "
        "그만큼 허용하십시오.",
    ),
    "ERC20InsufficientBalance": (
        "{sender} has {balance} base units of coin, and {needed} are needed: buy some first.",
        "{sender} 계정의 코인은 기본 단위로 {balance}인데 {needed}이(가) 필요합니다. 먼저 코인을 "
        "사십시오.",
    ),
    "ERC20InvalidApprover": (
        "{approver} can't approve: it is the zero address.",
        "{approver}은(는) 0 주소라서 허용할 수 없습니다.",
    ),
    "ERC20InvalidReceiver": (
        "{receiver} can't receive coin: name another account.",
        "{receiver}은(는) 코인을 받을 수 없습니다. 다른 계정을 지정하십시오.",
    ),
    "ERC20InvalidSender": (
        "{sender} can't send coin: name another account.",
        "{sender}은(는) 코인을 보낼 수 없습니다. 다른 계정을 지정하십시오.",
    ),
    "ERC20InvalidSpender": (
        "{spender} can't be allowed to spend: name another account.",
        "{spender}에게는 허용할 수 없습니다. 다른 계정을 지정하십시오.",
    ),
    "ERC2612ExpiredSignature": (
        "The permit could be used until {deadline}: sign it again.",
        "서명한 허용은 {deadline}까지만 쓸 수 있었습니다. 다시 서명하십시오.",
    ),
    "ERC2612InvalidSigner": (
        "The permit was signed by {signer} and not by {owner}: sign with the owner's key.",
        "허용은 {owner}이(가) 아니라 {signer}이(가) 서명했습니다. 소유자의 열쇠로 서명하십시오.",
    ),
    "InvalidAccountNonce": (
        "{account} is at number {currentNonce} now: read it again and sign anew.",
        "{account} 계정의 순번은 지금 {currentNonce}입니다. 다시 읽고 서명하십시오.",
    ),
    "ECDSAInvalidSignature": (
        "The signature is of no key: sign again.",
        "어떤 열쇠의 서명도 아닙니다. 다시 서명하십시오.",
    ),
    "ECDSAInvalidSignatureLength": (
        "A signature has 65 bytes, not {length}: sign again.",
        "서명은 65바이트여야 하는데 {length}바이트입니다. 다시 서명하십시오.",
    ),
    "ECDSAInvalidSignatureS": (
        "The signature is in its second form ({s}), which is not accepted: sign again with a "
        "program that writes the first.",
        "허용하지 않는 형태의 서명({s})입니다. 다른 프로그램으로 다시 서명하십시오.",
    ),
    "InvalidShortString": (
        "A short text is malformed: this is a defect of the contract; report it.",
        "짧은 문자열이 잘못되었습니다. 계약의 결함이니 알려 주십시오.",
    ),
    "StringTooLong": (
        "The text {str} is too long: this is a defect of the contract; report it.",
        "문자열 {str}이(가) 너무 깁니다. 계약의 결함이니 알려 주십시오.",
    ),
}
