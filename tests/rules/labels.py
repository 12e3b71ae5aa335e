"""Drug labels of medicines that do not exist, written in the shape in which openFDA gives labels out."""

SECTIONS = """
<section><code code="34070-3"/><title>4 CONTRAINDICATIONS</title>
  <component><section><code code="42229-5"/><title>4.1 Active liver disease</title></section></component>
  <component><section><code code="42229-5"/><title>4.2 Hypersensitivity to any component</title></section></component>
  <component><section><code code="42228-7"/><title>4.3 Pregnancy</title>
    <text><paragraph>VELOX may harm a fetus [see <content>Use (8.1)</content>]. Stop it.</paragraph></text>
  </section></component>
</section>
<section><code code="34073-7"/><title>7 DRUG INTERACTIONS</title>
  <text><paragraph>The risk rises with many drugs.</paragraph></text>
  <component><section><code code="42229-5"/><title>7.1 Strong Brine Salts</title>
    <text>They raise its level.<list><item><caption> </caption>First, wait.</item></list></text>
    <component><section><code code="42229-5"/>
      <text><list><item><content>Tessium: </content>Avoid it with VELOX.</item></list></text>
    </section></component>
  </section></component>
  <component><section><code code="42229-5"/><title>7.2 Nadorax or other Quintals</title>
    <text><paragraph>Use with caution (see Warnings (5.1)). Two. Three. Four.</paragraph></text>
  </section></component>
  <component><section><code code="42229-5"/><title>7.3 Ossium</title>
    <text><paragraph>VELOX had no clinically significant effect on ossium.</paragraph></text>
  </section></component>
</section>
<section><code code="43684-0"/><title>8 USE IN SPECIFIC POPULATIONS</title>
  <component><section><code code="42228-7"/><title>8.1 Pregnancy</title>
    <text><paragraph>Pregnancy Category X.</paragraph></text></section></component>
  <component><section><code code="34080-2"/><title>8.3 Nursing Mothers</title>
    <text><paragraph>It is not known whether velorin passes into milk.</paragraph></text></section></component>
</section>
"""


def label(id: str, *active: tuple[str, str], brand: str = "VELOX", generic: str = "", sections: str = SECTIONS) -> str:
    """A label of a product with some active ingredients, each (substance, moiety)."""
    ingredients = "".join(
        f'<ingredient classCode="ACTIB"><ingredientSubstance><name>{substance}</name>'
        f"<activeMoiety><activeMoiety><name>{moiety}</name></activeMoiety></activeMoiety></ingredientSubstance>"
        "</ingredient>"
        for substance, moiety in active
    )
    product = (
        f"<manufacturedProduct><manufacturedProduct><name>{brand}<suffix> Forte</suffix></name>"
        f"<asEntityWithGeneric><genericMedicine><name>{generic}</name></genericMedicine></asEntityWithGeneric>"
        f'{ingredients}<ingredient classCode="IACT"><ingredientSubstance><name>WATER</name></ingredientSubstance>'
        "</ingredient></manufacturedProduct></manufacturedProduct>"
    )
    inside = "".join(f"<component>{one}</component>" for one in sections.split("\n<section>") if one.strip())
    inside = inside.replace("<component><code", "<component><section><code")
    return (
        '<?xml version="1.0" encoding="UTF-8"?><document xmlns="urn:hl7-org:v3">'
        f'<setId root="{id}"/><effectiveTime value="20240131"/><component><structuredBody>'
        f'<component><section><code code="48780-1"/><subject>{product}</subject></section></component>'
        f"{inside}</structuredBody></component></document>"
    )
