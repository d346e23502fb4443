import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.interactive.form.PDAcroForm;
import org.apache.pdfbox.pdmodel.interactive.form.PDField;

/**
 * Fills a form with Apache PDFBox 2.
 *
 * <p>Usage: java FillPdfBox2 BLANK.pdf ANSWERS.txt OUT.pdf drawn|need_appearances. It draws the answers
 * with the form's own font; letters that this font lacks need "need_appearances", which leaves the
 * drawing to the viewer. ANSWERS.txt as for FillIText5.
 */
public final class FillPdfBox2 {
  public static void main(String[] words) throws Exception {
    try (PDDocument document = PDDocument.load(new File(words[0]))) {
      PDAcroForm form = document.getDocumentCatalog().getAcroForm();
      form.setNeedAppearances(words[3].equals("need_appearances"));
      for (String line : Files.readAllLines(Path.of(words[1]), StandardCharsets.UTF_8)) {
        int tab = line.indexOf('\t');
        PDField field = form.getField(line.substring(0, tab));
        field.setValue(line.substring(tab + 1).translateEscapes());
      }
      document.save(words[2]);
    }
  }
}
