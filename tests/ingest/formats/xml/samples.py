# ruff: noqa: E501  # records keep the lines of their producers
"""One record of each format as its producers write it, with the values that the index keeps of it."""

from __future__ import annotations

from typing import Any

TITLE = "Lantern Maps for Moths"
ABSTRACT = "We study how lanterns guide moths across a night garden and measure the detours they take."

PROLOG = '<?xml version="1.0" encoding="UTF-8"?>\n'

PUBMED = f"""{PROLOG}<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "https://example.org/p.dtd">
<PubmedArticleSet>
<PubmedArticle>
  <MedlineCitation Status="MEDLINE" Owner="NLM">
    <PMID Version="1">99000001</PMID>
    <DateRevised><Year>2026</Year><Month>05</Month><Day>01</Day></DateRevised>
    <Article PubModel="Print-Electronic">
      <Journal><ISSN IssnType="Electronic">1234-5678</ISSN>
        <JournalIssue CitedMedium="Internet"><Volume>7</Volume><Issue>2</Issue>
          <PubDate><Year>2026</Year><Month>Jun</Month></PubDate></JournalIssue>
        <Title>Journal of Moths &amp; Lamps</Title><ISOAbbreviation>J Moths</ISOAbbreviation></Journal>
      <ArticleTitle><i>Lantern</i> Maps for CO<sub>2</sub> &lt; 5 in Moths.</ArticleTitle>
      <Pagination><StartPage>11</StartPage><EndPage>19</EndPage><MedlinePgn>11-19</MedlinePgn></Pagination>
      <ELocationID EIdType="doi" ValidYN="Y">10.5555/moth_1</ELocationID>
      <Abstract><AbstractText Label="AIM" NlmCategory="OBJECTIVE">We count moths
        (<i>p</i> &lt; 0.05).</AbstractText><AbstractText Label="RESULTS">Few.</AbstractText>
        <CopyrightInformation>Copyright 2026.</CopyrightInformation></Abstract>
      <AuthorList CompleteYN="Y">
        <Author ValidYN="Y"><LastName>Grove</LastName><ForeName>Ada M</ForeName><Initials>AM</Initials>
          <Suffix>Jr</Suffix><AffiliationInfo><Affiliation>Garden.</Affiliation></AffiliationInfo></Author>
        <Author ValidYN="Y"><CollectiveName>Moth Study Group</CollectiveName></Author>
      </AuthorList>
      <Language>eng</Language>
      <ArticleDate DateType="Electronic"><Year>2026</Year><Month>04</Month><Day>02</Day></ArticleDate>
    </Article>
    <MeshHeadingList><MeshHeading><DescriptorName UI="D009036" MajorTopicYN="Y">Moths</DescriptorName>
      <QualifierName UI="Q1" MajorTopicYN="N">physiology</QualifierName></MeshHeading></MeshHeadingList>
    <KeywordList Owner="NOTNLM"><Keyword MajorTopicYN="N">lantern maps</Keyword></KeywordList>
    <CommentsCorrectionsList><CommentsCorrections RefType="Cites"><PMID>5</PMID></CommentsCorrections>
    </CommentsCorrectionsList>
  </MedlineCitation>
  <PubmedData>
    <ArticleIdList><ArticleId IdType="pubmed">99000001</ArticleId><ArticleId IdType="doi">10.5555/moth_1</ArticleId>
    </ArticleIdList>
    <ReferenceList><Reference><Citation>X</Citation><ArticleIdList><ArticleId IdType="doi">10.5555/other</ArticleId>
    </ArticleIdList></Reference></ReferenceList>
  </PubmedData>
</PubmedArticle>
</PubmedArticleSet>
"""

PUBMED_BOOK = f"""{PROLOG}<PubmedArticleSet><PubmedBookArticle><BookDocument><PMID Version="1">20301295</PMID>
<ArticleIdList><ArticleId IdType="bookaccession">NBK1</ArticleId><ArticleId IdType="doi">10.5555/book.1</ArticleId>
</ArticleIdList><Book><Publisher><PublisherName>Garden Press</PublisherName></Publisher>
<BookTitle book="moths">Moth Reviews</BookTitle><PubDate><Year>1993</Year></PubDate>
<AuthorList Type="editors" CompleteYN="Y"><Author><LastName>Editor</LastName><ForeName>E</ForeName></Author></AuthorList>
</Book><ArticleTitle book="moths" part="a">{TITLE}</ArticleTitle>
<AuthorList Type="authors" CompleteYN="Y"><Author><LastName>Grove</LastName><ForeName>Ada</ForeName></Author></AuthorList>
<Abstract><AbstractText>{ABSTRACT}</AbstractText></Abstract>
<ContributionDate><Year>2003</Year><Month>9</Month><Day>3</Day></ContributionDate></BookDocument></PubmedBookArticle>
</PubmedArticleSet>
"""

ARXIV_ATOM = f"""{PROLOG}<feed xmlns="http://www.w3.org/2005/Atom">
  <link href="http://arxiv.org/api/query?id_list=2504.01234" rel="self" type="application/atom+xml"/>
  <title type="html">ArXiv Query: id_list=2504.01234</title>
  <id>http://arxiv.org/api/x</id>
  <updated>2026-01-01T00:00:00-05:00</updated>
  <entry>
    <id>http://arxiv.org/abs/2504.01234v2</id>
    <updated>2025-05-05T10:00:00Z</updated>
    <published>2025-04-02T10:00:00Z</published>
    <title>Owls at Noon:
  where $a &lt; b$</title>
    <summary>  Owls that hunt at noon &amp; catch fewer mice.
</summary>
    <author><name>Jos\u00e9 M\u00fcller</name><arxiv:affiliation xmlns:arxiv="http://arxiv.org/schemas/atom">X</arxiv:affiliation></author>
    <author><name>Jan van der Berg</name></author>
    <arxiv:doi xmlns:arxiv="http://arxiv.org/schemas/atom">10.5555/owl_2</arxiv:doi>
    <link title="doi" href="http://dx.doi.org/10.5555/owl_2" rel="related"/>
    <arxiv:journal_ref xmlns:arxiv="http://arxiv.org/schemas/atom">J. Owls 7 (2025)</arxiv:journal_ref>
    <link href="http://arxiv.org/abs/2504.01234v2" rel="alternate" type="text/html"/>
    <arxiv:primary_category xmlns:arxiv="http://arxiv.org/schemas/atom" term="q-bio.PE" scheme="http://arxiv.org/schemas/atom"/>
    <category term="cs.LG" scheme="http://arxiv.org/schemas/atom"/>
    <category term="q-bio.PE" scheme="http://arxiv.org/schemas/atom"/>
  </entry>
</feed>
"""

ARXIV_FEED = f"""{PROLOG}<feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns="http://www.w3.org/2005/Atom"><id>http://rss.arxiv.org/atom/q-bio</id><title>q-bio updates on arXiv.org</title>
<entry><id>oai:arXiv.org:2504.01234v1</id><title>{TITLE}</title><updated>2025-04-03T04:00:00+00:00</updated>
<link href="https://arxiv.org/abs/2504.01234" rel="alternate" type="text/html"/>
<summary>arXiv:2504.01234v1 Announce Type: new
Abstract: {ABSTRACT}</summary><category term="q-bio.PE"/><published>2025-04-03T00:00:00-04:00</published>
<arxiv:announce_type>new</arxiv:announce_type><dc:creator>Ada Grove, Bo Lind</dc:creator></entry></feed>
"""


def oai(metadata: str, header: str = "<identifier>oai:arXiv.org:2504.01234</identifier>", status: str = "") -> str:
    """Return an answer of OAI-PMH with one record, after a deleted one."""
    return f"""{PROLOG}<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">
<responseDate>2026-01-01T00:00:00Z</responseDate><request verb="ListRecords">http://export.arxiv.org/oai2</request>
<ListRecords>
<record><header status="deleted"><identifier>oai:x:0</identifier><datestamp>2020-01-01</datestamp></header></record>
<record><header{status}>{header}<datestamp>2025-05-05</datestamp><setSpec>q-bio</setSpec></header>
<metadata>{metadata}</metadata></record>
<resumptionToken cursor="0" completeListSize="2">x|1001</resumptionToken>
</ListRecords></OAI-PMH>
"""


OAI_ARXIV = oai(
    """<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>2504.01234</id><created>2025-04-02</created>
<updated>2025-05-05</updated><authors><author><keyname>van der Berg</keyname><forenames>Jan</forenames></author>
<author><keyname>M\\"uller</keyname><forenames>Jos\\'e</forenames><suffix>Jr</suffix></author>
<author><keyname>The Owl Collaboration</keyname></author></authors>
<title>Owls at Noon: {\\L}\\'od\\'z Revisited</title><categories>q-bio.PE cs.LG</categories><comments>3 pages</comments>
<journal-ref>J. Owls 7</journal-ref><doi>10.5555/owl_2</doi><license>x</license>
<abstract>  Owls with $a &lt; b$
hunt.</abstract></arXiv>"""
)
OAI_ARXIV_RAW = oai(
    """<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>2504.01234</id><submitter>Jan Berg</submitter>
<version version="v1"><date>Wed, 2 Apr 2025 10:00:00 GMT</date><size>20kb</size></version>
<version version="v2"><date>Mon, 5 May 2025 10:00:00 GMT</date><size>20kb</size></version>
<title>Owls at Noon</title><authors>Jan van der Berg and Ada Grove</authors><categories>q-bio.PE</categories>
<abstract>Owls hunt.</abstract></arXivRaw>"""
)
OAI_DC = oai(
    """<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>Owls at Noon</dc:title><dc:creator>van der Berg, Jan</dc:creator><dc:creator>Grove, Ada</dc:creator>
<dc:subject>Populations</dc:subject><dc:description>Owls hunt at noon.</dc:description>
<dc:description>Comment: 3 pages, but quite a long comment it is</dc:description>
<dc:date>2025-04-02</dc:date><dc:date>2025-05-05</dc:date><dc:type>text</dc:type>
<dc:identifier>http://arxiv.org/abs/2504.01234</dc:identifier><dc:identifier>doi:10.5555/owl_2</dc:identifier></oai_dc:dc>"""
)

ENDNOTE = f"""{PROLOG}<xml><records><record>
<database name="My EndNote Library.enl" path="C:\\x.enl">My EndNote Library.enl</database>
<source-app name="EndNote" version="20.4">EndNote</source-app><rec-number>17</rec-number>
<foreign-keys><key app="EN" db-id="a" timestamp="1700000000">17</key></foreign-keys>
<ref-type name="Journal Article">17</ref-type>
<contributors><authors><author><style face="normal" font="default" size="100%">Grove, Ada</style></author>
<author><style face="normal" font="default" size="100%">World Moth Office,</style></author></authors>
<secondary-authors><author><style face="normal">Editor, E.</style></author></secondary-authors></contributors>
<auth-address><style face="normal">Garden</style></auth-address>
<titles><title><style face="italic" font="default">Lantern</style><style face="normal"> Maps for CO</style><style face="subscript">2</style></title>
<secondary-title><style face="normal">Journal of Moths</style></secondary-title></titles>
<periodical><full-title><style face="normal">Journal of Moths</style></full-title></periodical>
<pages><style face="normal">11-19</style></pages><volume><style face="normal">7</style></volume>
<number><style face="normal">2</style></number>
<keywords><keyword><style face="normal">moths</style></keyword><keyword><style face="normal">maps</style></keyword></keywords>
<dates><year><style face="normal">2026</style></year><pub-dates><date><style face="normal">Apr 2</style></date></pub-dates></dates>
<abstract><style face="normal">We count &lt;i&gt;moths&lt;/i&gt; where a &lt; b.&#xD;Few.</style></abstract>
<urls><related-urls><url><style face="normal">https://example.org/moths</style></url></related-urls></urls>
<electronic-resource-num><style face="normal">10.5555/moth_1</style></electronic-resource-num></record></records></xml>
"""

ACL = """<?xml version='1.0' encoding='UTF-8'?>
<collection id="2026.nope">
  <volume id="1" ingest-date="2026-05-01" type="proceedings">
    <meta>
      <booktitle>Proceedings of <fixed-case>N</fixed-case>owhere</booktitle>
      <editor><first>E.</first><last>Editor</last></editor>
      <publisher>Association for Moths</publisher><month>July 5-10</month><year>2026</year>
    </meta>
    <frontmatter><url hash="1">2026.nope-1.0</url><bibkey>nope-2026-proceedings</bibkey></frontmatter>
    <paper id="1">
      <title><fixed-case>L</fixed-case>antern Maps: <tex-math>a &lt; b</tex-math> in <fixed-case>BERT</fixed-case>s</title>
      <author id="ada"><first>Ada</first><last>Grove</last><affiliation>Garden</affiliation></author>
      <author><first/><last>Plato</last></author>
      <editor><first>E.</first><last>Editor</last></editor>
      <pages>1–9</pages>
      <abstract>We <i>count</i> moths. See <url>https://example.org/x</url>.</abstract>
      <url hash="2">2026.nope-1.1</url><doi>10.5555/moth_1</doi><bibkey>grove-plato-2026-lantern</bibkey>
    </paper>
  </volume>
</collection>
"""

JATS = f"""{PROLOG}<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) 1.2//EN" "JATS-archivearticle1.dtd">
<article xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:mml="http://www.w3.org/1998/Math/MathML" article-type="research-article">
<front><journal-meta><journal-id journal-id-type="nlm-ta">J Moths</journal-id>
<journal-title-group><journal-title>Journal of Moths</journal-title></journal-title-group>
<publisher><publisher-name>Garden Press</publisher-name></publisher></journal-meta>
<article-meta><article-id pub-id-type="pmid">99000001</article-id><article-id pub-id-type="pmc">77</article-id>
<article-id pub-id-type="doi">10.5555/moth_1</article-id>
<title-group><article-title><italic>Lantern</italic> Maps for CO<sub>2</sub><xref ref-type="fn" rid="f1">*</xref></article-title></title-group>
<contrib-group><contrib contrib-type="author" corresp="yes"><name><surname>Grove</surname><given-names>Ada M</given-names></name>
<xref ref-type="aff" rid="a1"><sup>1</sup></xref></contrib>
<contrib contrib-type="author"><collab>Moth Study Group<contrib-group><contrib contrib-type="author"><name><surname>Inner</surname><given-names>I</given-names></name></contrib></contrib-group></collab></contrib>
<contrib contrib-type="editor"><name><surname>Editor</surname><given-names>E</given-names></name></contrib></contrib-group>
<pub-date pub-type="epub"><day>2</day><month>4</month><year>2026</year></pub-date>
<pub-date pub-type="collection"><year>2026</year></pub-date>
<pub-date pub-type="pmc-release"><day>1</day><month>1</month><year>2020</year></pub-date>
<volume>7</volume><issue>2</issue><fpage>11</fpage><lpage>19</lpage>
<history><date date-type="received"><year>2025</year></date></history>
<permissions><copyright-statement>Copyright</copyright-statement></permissions>
<abstract abstract-type="graphical"><p>A picture.</p></abstract>
<abstract><title>Abstract</title><sec><title>Aim</title><p>We count moths, <inline-formula><mml:math><mml:mi>p</mml:mi><mml:mo>&lt;</mml:mo><mml:mn>0.05</mml:mn></mml:math></inline-formula>.</p></sec></abstract>
<trans-abstract xml:lang="fr"><p>Papillons.</p></trans-abstract>
<kwd-group kwd-group-type="author"><title>Keywords</title><kwd>moths</kwd><kwd>lantern maps</kwd></kwd-group>
</article-meta></front>
<body><sec><title>Introduction</title><p>Words & more of the body.</p></sec></body>
<back><ref-list><ref><element-citation><article-title>Another</article-title></element-citation></ref></ref-list></back>
</article>
""".replace("Words & more", "Words and more")

CROSSREF = f"""{PROLOG}<crossref_result xmlns="http://www.crossref.org/qrschema/3.0" version="3.0">
<query_result><head><doi_batch_id>none</doi_batch_id></head><body><query status="resolved">
<doi type="journal_article">10.5555/moth_1</doi>
<doi_record><crossref xmlns="http://www.crossref.org/xschema/1.1"><journal>
<journal_metadata language="en"><full_title>Journal of Moths</full_title><abbrev_title>J Moths</abbrev_title><issn>12345678</issn></journal_metadata>
<journal_issue><publication_date media_type="print"><month>06</month><year>2026</year></publication_date>
<journal_volume><volume>7</volume></journal_volume><issue>2</issue></journal_issue>
<journal_article publication_type="full_text"><titles><title>Lantern Maps for CO<sub>2</sub></title><subtitle>A study</subtitle></titles>
<contributors><person_name contributor_role="author" sequence="first"><given_name>Ada</given_name><surname>Grove</surname><suffix>Jr</suffix></person_name>
<organization contributor_role="author" sequence="additional">Moth Study Group</organization>
<person_name contributor_role="editor" sequence="first"><given_name>E</given_name><surname>Editor</surname></person_name></contributors>
<jats:abstract xmlns:jats="http://www.ncbi.nlm.nih.gov/JATS1"><jats:title>Abstract</jats:title><jats:p>We count moths, <jats:italic>p</jats:italic> &lt; 0.05.</jats:p></jats:abstract>
<publication_date media_type="online"><month>04</month><day>02</day><year>2026</year></publication_date>
<publication_date media_type="print"><month>06</month><year>2026</year></publication_date>
<pages><first_page>11</first_page><last_page>19</last_page></pages>
<doi_data><doi>10.5555/moth_1</doi><resource>https://example.org/moths</resource></doi_data>
<citation_list><citation key="1"><doi>10.5555/other</doi></citation></citation_list>
</journal_article></journal></crossref></doi_record></query></body></query_result></crossref_result>
"""

OWLS: dict[str, Any] = {"arxiv_id": "2504.01234", "date": "2025-04-02"}

SAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "PubMed": (
        PUBMED,
        {
            "paper_id": "99000001", "title": "Lantern Maps for CO2 < 5 in Moths.",
            "abstract": "AIM: We count moths (p < 0.05). RESULTS: Few.", "date": "2026-04-02",
            "authors": ("Ada M Grove Jr", "Moth Study Group"), "doi": "10.5555/moth_1",
            "categories": ("lantern maps", "Moths"), "venue": "Journal of Moths & Lamps", "volume": "7",
            "issue": "2", "pages": "11-19",
        },
    ),
    "PubMed, a chapter": (
        PUBMED_BOOK,
        {
            "paper_id": "20301295", "title": TITLE, "abstract": ABSTRACT, "date": "2003-09-03",
            "authors": ("Ada Grove",), "doi": "10.5555/book.1", "venue": "Moth Reviews",
            "publisher": "Garden Press",
        },
    ),
    "arXiv's API": (
        ARXIV_ATOM,
        {
            "title": "Owls at Noon: where $a < b$", "abstract": "Owls that hunt at noon & catch fewer mice.",
            "authors": ("José Müller", "Jan van der Berg"), "doi": "10.5555/owl_2",
            "categories": ("q-bio.PE", "cs.LG"), "venue": "J. Owls 7 (2025)",
            "arxiv_id": "2504.01234v2", "date": "2025-04-02",
        },
    ),
    "arXiv's feed": (
        ARXIV_FEED,
        {
            "title": TITLE, "abstract": ABSTRACT, "authors": ("Ada Grove", "Bo Lind"),
            "arxiv_id": "2504.01234v1", "date": "2025-04-03", "categories": ("q-bio.PE",),
        },
    ),
    "OAI-PMH, arXiv": (
        OAI_ARXIV,
        {
            "title": "Owls at Noon: Łódź Revisited", "abstract": "Owls with $a < b$ hunt.",
            "authors": ("Jan van der Berg", "José Müller Jr", "The Owl Collaboration"),
            "categories": ("q-bio.PE", "cs.LG"), "doi": "10.5555/owl_2", "venue": "J. Owls 7", **OWLS,
        },
    ),
    "OAI-PMH, arXivRaw": (
        OAI_ARXIV_RAW,
        {"title": "Owls at Noon", "authors": ("Jan van der Berg", "Ada Grove"), **OWLS},
    ),
    "OAI-PMH, Dublin Core": (
        OAI_DC,
        {
            "title": "Owls at Noon", "abstract": "Owls hunt at noon.", "doi": "10.5555/owl_2",
            "authors": ("Jan van der Berg", "Ada Grove"), "categories": ("Populations",), **OWLS,
        },
    ),
    "EndNote": (
        ENDNOTE,
        {
            "paper_id": "17", "title": "Lantern Maps for CO2", "abstract": "We count moths where a < b. Few.",
            "authors": ("Ada Grove", "World Moth Office"), "date": "2026-04-02", "doi": "10.5555/moth_1",
            "categories": ("moths", "maps"), "venue": "Journal of Moths", "volume": "7", "issue": "2",
            "pages": "11-19", "url": "https://example.org/moths",
        },
    ),
    "ACL Anthology": (
        ACL,
        {
            "paper_id": "2026.nope-1.1", "title": "Lantern Maps: $a < b$ in BERTs",
            "abstract": "We count moths. See https://example.org/x.", "authors": ("Ada Grove", "Plato"),
            "date": "2026-07-05", "doi": "10.5555/moth_1", "citation_key": "grove-plato-2026-lantern",
            "venue": "Proceedings of Nowhere", "publisher": "Association for Moths", "pages": "1–9",
            "url": "https://aclanthology.org/2026.nope-1.1/",
        },
    ),
    "JATS": (
        JATS,
        {
            "paper_id": "PMC77", "title": "Lantern Maps for CO2", "abstract": "Aim We count moths, p<0.05.",
            "authors": ("Ada M Grove", "Moth Study Group"), "date": "2026-04-02", "doi": "10.5555/moth_1",
            "categories": ("moths", "lantern maps"), "venue": "Journal of Moths", "volume": "7", "issue": "2",
            "pages": "11-19", "publisher": "Garden Press",
        },
    ),
    "Crossref": (
        CROSSREF,
        {
            "paper_id": "10.5555/moth_1", "title": "Lantern Maps for CO2: A study",
            "abstract": "We count moths, p < 0.05.", "authors": ("Ada Grove Jr", "Moth Study Group"),
            "date": "2026-04-02", "doi": "10.5555/moth_1", "venue": "Journal of Moths", "volume": "7",
            "issue": "2", "pages": "11-19", "url": "https://example.org/moths",
        },
    ),
}  # fmt: skip
