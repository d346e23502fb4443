import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDResources;
import org.apache.pdfbox.pdmodel.font.PDType0Font;
import org.apache.pdfbox.pdmodel.interactive.form.PDAcroForm;
import org.apache.pdfbox.pdmodel.interactive.form.PDField;

/**
 * Fills a form with Apache PDFBox 2.
 *
 * <p>Usage: java FillPdfBox2 BLANK.pdf ANSWERS.txt OUT.pdf FONT.ttf. With FONT "-" PDFBox draws no
 * pictures of the answers and sets NeedAppearances, which is its way with letters that a form's own
 * font cannot show. ANSWERS.txt as for FillIText5.
 */
public final class FillPdfBox2 {
  public static void main(String[] words) throws Exception {
    try (PDDocument document = PDDocument.load(new File(words[0]))) {
      PDAcroForm form = document.getDocumentCatalog().getAcroForm();
      if (words[3].equals("-")) {
        form.setNeedAppearances(true);
      } else {
        PDResources resources = form.getDefaultResources();
        resources.put(COSName.getPDFName("Helv"), PDType0Font.load(document, new File(words[3])));
        form.setDefaultResources(resources);
      }
      for (String line : Files.readAllLines(Path.of(words[1]), StandardCharsets.UTF_8)) {
        int tab = line.indexOf('\t');
        PDField field = form.getField(line.substring(0, tab));
        field.setValue(line.substring(tab + 1).translateEscapes());
      }
      document.save(words[2]);
    }
  }
}
