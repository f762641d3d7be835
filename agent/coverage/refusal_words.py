"""How applications say no, in the languages they are written in: pieces of one regular expression, without case."""

import re

_PIECES = (
    # English
    r"\bnot (be )?(allowed|authori[sz]ed|permitted|signed in|logged in|entitled|eligible)\b",
    r"\bun(authori[sz]ed|authenticated)\b|\bforbidden\b|\b40[134]\b",
    r"\b(access|permission|entry) (is |was |has been )?(denied|refused)",
    r"\b(no|without|lack\w*|insufficient|missing|need|requires?|required) (the |more |admin\w* |special )*"
    r"(access|permissions?|privileges?|rights|authori[sz]ation)\b",
    r"\b(do not|don.t|does not|doesn.t|cannot|can.t|can not|could not|couldn.t|may not|must not|unable to)\b"
    r".{0,30}\b(access|permission|rights?|see|view|open|enter|show|find)\b",
    r"\b(please|have to|need to|must|required?) (sign|log) ?in\b|\b(sign|log) ?in (to|required|first)\b",
    r"\b(members?|staff|admin\w*|managers?|employees?|authori[sz]ed \w+) only\b",
    r"\bonly (for|available to|open to)\b|\b(reserved|restricted) (for|to|area|access)\b",
    r"\bnot (for|open to|available (for|to)|part of) your?\b",
    r"\bnot found\b|\bdoes(n.t| not) exist\b|\bno such (page|place)\b|\bnothing (here|to see)\b",
    # German, Dutch
    r"keine? (berechtigung|zugriff|zugang|rechte)|\bnur für\b",
    r"nicht (berechtigt|erlaubt|gestattet|befugt|gefunden|angemeldet)",
    r"(zugriff|zutritt|zugang) (verweigert|verboten)|bitte .{0,20}(anmelden|einloggen)",
    r"geen (toegang|rechten|toestemming)|niet (toegestaan|bevoegd|gevonden|gemachtigd)|toegang geweigerd",
    # Swedish, Danish, Norwegian, Finnish
    r"åtkomst nekad|saknar behörighet|inte behörig|ingen tilgang|adgang nægtet",
    r"ikke (tilgang|tilladt|tillatt|adgang)|ei (oikeuksia|käyttöoikeutta)|pääsy (estetty|evätty)",
    # French
    r"accès (refusé|interdit|réservé)|(non|pas) (autorisée?s?|le droit|les droits)",
    r"\binterdite?\b|connectez-vous|introuvable",
    # Spanish, Portuguese
    r"acceso (denegado|restringido)|no (está )?autorizad[oa]|no tienes? (permisos?|acceso)",
    r"prohibido|no encontrad[oa]|inici(a|e|ar) sesión",
    r"acesso (negado|restrito)|não (autorizad[oa]|tem (permissão|acesso)|encontrad[oa])",
    r"sem (permissão|acesso)|proibido",
    # Italian
    r"accesso (negato|vietato)|non (autorizzat[oa]|consentito|trovat[oa])|vietato",
    r"non (hai|ha|disponi) .{0,20}(permess|autorizzazion|diritt)",
    # Polish, Czech, Russian, Turkish
    r"brak (dostępu|uprawnień)|odmowa dostępu|nie (masz|znaleziono)",
    r"přístup (odepřen|zamítnut)|nemáte oprávnění|nenalezen",
    r"доступ (запрещ|огранич|закрыт)|нет (доступа|прав)|не найден|запрещено",
    r"erişim (engellendi|reddedildi)|yetkiniz (yok|bulunm)|izniniz yok|bulunamadı",
    # Japanese, Chinese, Korean
    r"権限がありません|アクセスできません|許可されていません|見つかりません|ログインしてください",
    r"没有权限|沒有權限|无权|無權|禁止访问|拒绝访问|未授权|请登录|找不到",
    r"권한이 없|접근.{0,6}(거부|금지)|찾을 수 없|로그인이 필요",
)
REFUSAL = re.compile("|".join(_PIECES), re.I)
